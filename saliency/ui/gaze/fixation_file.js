// Fixations as a file that is taken home; the server reads it again.

const COLUMNS = ["participant", "round", "order", "x", "y", "milliseconds"];

function saveFixations(fixations) {
  const cell = (value) => (/[",;\t]/.test(value ?? "") ? `"${value.replaceAll('"', '""')}"` : (value ?? ""));
  // Durations are only in files that were loaded.
  const columns = fixations.some((fixation) => fixation.duration != null) ? [...COLUMNS, "duration"] : COLUMNS;
  const lines = [columns, ...fixations.map((fixation) => columns.map((name) => cell(fixation[name])))];
  saveFile("fixations.csv", lines.map((line) => line.join(",") + "\r\n").join(""), "text/csv");
}
