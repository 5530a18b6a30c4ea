// The keys of a list of tabs, as WAI-ARIA's pattern has them: Gradio's tabs answer to none.

document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.("[role=tab]");
  if (!tab || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
  const tabs = [...tab.closest("[role=tablist]").querySelectorAll("[role=tab]:not(:disabled)")];
  const at = tabs.indexOf(tab);
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: -1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const chosen = tabs.at(to % tabs.length); // beyond an end comes the other
  chosen.focus();
  chosen.click();
});
