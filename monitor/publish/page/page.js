// Refines a page that works without it: it follows changes, and says when it hears of none.
"use strict";
(() => {
  let heard = 0; // when the monitor was last heard of, in this machine's milliseconds
  let fetching = false;
  let fetched = Date.now();
  const main = () => document.getElementById("content");

  // a page out of a cache is as old as it says, whatever happens afterwards
  const age = () => {
    const made = Number(main().dataset.at) * 1000;
    return (Date.now() - Math.max(heard, heard ? 0 : made)) / 1000;
  };

  // what is found again in a page where other things have come before it; numbers in it may change
  const place = (each) => [
    each.closest("section")?.getAttribute("aria-labelledby"),
    each.closest("article")?.id,
    each.closest("li")?.querySelector("a")?.getAttribute("href"),
    each.querySelector("summary")?.textContent.replace(/\d+\D*$/, ""),
  ].join(" ");

  const judge = () => {
    const stale = age() > Number(main().dataset.stale);
    const warning = document.getElementById("stale");
    if (warning && warning.hidden === stale) warning.hidden = !stale;
    document.documentElement.classList.toggle("is-stale", stale);
  };

  const renew = async () => {
    if (fetching) return;
    fetching = true;
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("content");
      // who is filling in the form, or has opened something, is not disturbed
      const busy = document.activeElement && document.activeElement.closest("form");
      if (!fresh || busy) return;
      const open = new Map([...main().querySelectorAll("details")].map((each) => [place(each), each.open]));
      fresh.querySelectorAll("details").forEach((each) => { each.open = open.get(place(each)) ?? each.open; });
      const link = document.activeElement?.getAttribute("href");
      const section = link && place(document.activeElement);
      main().replaceWith(document.adoptNode(fresh));
      document.title = page.title;
      const links = [...document.links].filter((each) => link && each.getAttribute("href") === link);
      (links.find((each) => place(each) === section) ?? links[0])?.focus();
      heard = fetched = Date.now();
    } catch (error) {
      // the warning will say so
    } finally {
      fetching = false;
      judge();
    }
  };

  const told = () => { heard = Date.now(); judge(); };
  const events = new EventSource("/api/v1/events");
  events.addEventListener("hello", () => { told(); if (Date.now() / 1000 - Number(main().dataset.at) > 5) renew(); });
  events.addEventListener("tick", () => { told(); if (Date.now() - fetched > 60000) renew(); });
  events.addEventListener("transition", () => { told(); renew(); });
  // also without events (too many listeners): ask now and then
  setInterval(() => { judge(); if (age() > 20 && Date.now() - fetched > 20000) { fetched = Date.now(); renew(); } }, 1000);
  judge();
})();
