// The wall's clock, and how old what it shows is. Without it there is the time that it was made.
"use strict";
(() => {
  const tell = () => {
    const main = document.getElementById("content");
    const clock = document.querySelector(".clock"), ago = document.querySelector(".ago");
    if (!main || !clock || !ago) return;
    const language = document.documentElement.lang;
    const how = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: clock.dataset.zone };
    const said = new Intl.DateTimeFormat(language, how).format(new Date());
    clock.textContent = language === "sv" ? said.replace(":", ".") : said;
    const old = Math.max(0, Math.round(Date.now() / 1000 - Number(main.dataset.at)));
    ago.textContent = ` · ${old} ${ago.dataset.said}`;
  };
  setInterval(tell, 1000);
  new MutationObserver(tell).observe(document.body, { childList: true }); // news replace all of it
  tell();
})();
