"use strict";
(() => {
  const root = document.documentElement;
  const find = (id) => document.getElementById(id);

  // Theme: the system's, unless the button says otherwise. #theme=dark and #epoch=3 in the address do the same.
  const button = find("theme");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (dark.matches ? "dark" : "light")) === "dark";
  const label = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", "Show the page " + (isDark() ? "light" : "dark"));
  };
  button.hidden = false;
  button.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; label(); });
  dark.addEventListener("change", label);

  // The slider: one for all montages.
  const store = find("montages");
  const slider = find("epoch");
  let show = () => {};
  let epochs = [];
  if (store && slider) {
    const data = JSON.parse(store.textContent);
    const cards = [...document.querySelectorAll(".montage")];
    // A number stands for the picture that this card shows at first.
    const first = cards.map((card) => card.querySelector("img").src);
    const pictures = data.pictures.map((picture) => typeof picture === "number" ? first[picture] : picture);
    epochs = data.epochs;
    show = (place) => {
      find("epoch-shown").textContent = String(epochs[place]);
      slider.setAttribute("aria-valuetext", "epoch " + epochs[place]);
      cards.forEach((card, index) => {
        const frame = data.figures[index][place];
        const image = card.querySelector("img");
        image.classList.toggle("absent", !frame);
        card.querySelector("span").textContent = frame ? "epoch " + frame[1] : "no picture yet";
        if (frame) {
          image.src = pictures[frame[0]];
          image.alt = image.alt.replace(/after epoch \d+$/, "after epoch " + frame[1]);
        }
      });
    };
    find("slider").hidden = false;
    slider.addEventListener("input", () => show(slider.valueAsNumber));
    show(slider.valueAsNumber);
  }

  const obey = () => {
    const wanted = new URLSearchParams(location.hash.slice(1));
    if (["light", "dark"].includes(wanted.get("theme"))) root.dataset.theme = wanted.get("theme");
    const place = epochs.indexOf(Number(wanted.get("epoch")));
    if (wanted.has("epoch") && place >= 0) { slider.value = String(place); show(place); }
    label();
  };
  addEventListener("hashchange", obey);
  obey();

  // On paper nothing can be opened.
  addEventListener("beforeprint", () => {
    if (slider && epochs.length) show(epochs.length - 1);
    document.querySelectorAll("details").forEach((details) => { details.open = true; });
  });
  addEventListener("afterprint", () => { if (slider && epochs.length) show(slider.valueAsNumber); });
})();
