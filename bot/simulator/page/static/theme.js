// A plain script in the head, so that the first paint already has the right theme.
{
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const asked = new URLSearchParams(location.search).get("theme");
  let wish = ["light", "dark"].includes(asked) ? asked : "system";
  try {
    wish = asked ?? localStorage.getItem("theme") ?? "system";
  } catch {
    // No storage: the theme follows the system.
  }
  const paint = () => {
    document.documentElement.dataset.theme = wish === "dark" || (wish !== "light" && dark.matches) ? "dark" : "light";
  };
  paint();
  dark.addEventListener("change", paint);
  document.addEventListener("DOMContentLoaded", () => {
    const choice = document.getElementById("theme");
    choice.value = ["light", "dark"].includes(wish) ? wish : "system";
    choice.addEventListener("change", () => {
      wish = choice.value;
      paint();
      try {
        localStorage.setItem("theme", wish);
      } catch {
        // Kept until the page is closed.
      }
    });
  });
}
