// Light and dark: as the system says until the reader chooses, and then as chosen.
const themeButton = document.getElementById("theme");
const systemDark = matchMedia("(prefers-color-scheme: dark)");

function isDark() {
  return (document.documentElement.dataset.theme || (systemDark.matches ? "dark" : "light")) === "dark";
}

function showTheme() {
  themeButton.setAttribute("aria-pressed", String(isDark()));
  themeButton.textContent = isDark() ? "Light" : "Dark";
  themeButton.setAttribute("aria-label", "Dark colours");
}

function remember(name) {
  try { localStorage.setItem("transferbench-theme", name); } catch { /* a browser may forbid it: then it is forgotten */ }
}

function remembered() {
  try { return localStorage.getItem("transferbench-theme"); } catch { return null; }
}

function startTheme(redraw) {
  const chosen = remembered();
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
  showTheme();
  themeButton.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    remember(document.documentElement.dataset.theme);
    showTheme();
    redraw();
  });
  systemDark.addEventListener("change", () => { showTheme(); redraw(); });
}
