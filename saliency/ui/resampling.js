// How sure the mean of a selection is: percentile bootstrap intervals over pictures, as metrics/bootstrap.py makes them.
// Pictures are drawn with replacement, and what belongs to a picture stays together. Half as many resamples as there:
// typing a word to choose 2,000 samples by stays fluent. It stands in front of error_charts.js.

const RESAMPLES = 1000;
const TAILS = [0.025, 0.975];

// lists: of values by sample, null where undefined; pictures: by sample, what is drawn. Of each list {mean, low, high, n},
// null where there is no value. The same selection always gets the same intervals, and all lists the same draws.
function meanIntervals(lists, pictures) {
  const numbers = new Map();
  for (const picture of pictures) if (!numbers.has(picture)) numbers.set(picture, numbers.size);
  const totals = lists.map((values) => pictureTotals(values, pictures, numbers));
  const drawn = lists.map(() => []);
  const random = randomNumbers(2463534242);
  const times = new Float64Array(numbers.size);
  for (let resample = 0; resample < RESAMPLES; resample++) {
    times.fill(0);
    for (let i = 0; i < times.length; i++) times[Math.floor(random() * times.length)]++;
    totals.forEach((total, list) => {
      const value = weightedMean(total, times);
      if (value !== null) drawn[list].push(value); // a draw may miss every picture that has a value
    });
  }
  return totals.map((total, list) => {
    const rising = Float64Array.from(drawn[list]).sort();
    const [low, high] = rising.length ? TAILS.map((tail) => quantile(rising, tail)) : [null, null];
    return { mean: weightedMean(total, times.fill(1)), low, high, n: total.counts.reduce((sum, count) => sum + count, 0) };
  });
}

// Of each picture the sum of its values and how many they are.
function pictureTotals(values, pictures, numbers) {
  const [sums, counts] = [new Float64Array(numbers.size), new Float64Array(numbers.size)];
  values.forEach((value, sample) => {
    if (value === null) return;
    sums[numbers.get(pictures[sample])] += value;
    counts[numbers.get(pictures[sample])]++;
  });
  return { sums, counts };
}

// Of all values when each picture is there so many times.
function weightedMean({ sums, counts }, times) {
  let [sum, count] = [0, 0];
  for (let i = 0; i < times.length; i++) {
    sum += times[i] * sums[i];
    count += times[i] * counts[i];
  }
  return count ? sum / count : null;
}

// Numbers in [0, 1) that a seed (not 0) determines, which Math.random's are not: xorshift, Marsaglia 2003.
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

// The value below which a share of rising values lies.
function quantile(rising, share) {
  const at = share * (rising.length - 1);
  const left = Math.floor(at);
  return rising[left] + (at - left) * (rising[Math.min(left + 1, rising.length - 1)] - rising[left]);
}
