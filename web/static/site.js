// What htmx does not do by itself: say that the live stream is lost and how old
// the figures are, mark what has changed, close the sheet, and open a page of
// its own instead of the sheet on narrow screens. Everything works without it.
(function () {
  "use strict";

  var narrow = window.matchMedia("(max-width: 719px)");
  var heard = Date.now();
  var lost = false;

  function show() {
    var note = document.getElementById("stream");
    if (!note) { return; }
    var age = Math.round((Date.now() - heard) / 1000);
    // A stream that is only opened anew is back within a second or two.
    note.hidden = !lost || age < 4;
    var text = age < 60 ? age + " s" : Math.floor(age / 60) + " min";
    var at = note.querySelector(".age");
    if (at && at.textContent !== text) { at.textContent = text; }
  }

  document.addEventListener("htmx:sseOpen", function () { lost = false; heard = Date.now(); show(); });
  document.addEventListener("htmx:sseError", function () {
    if (!lost) { lost = true; heard = Date.now(); }
    show();
  });
  window.setInterval(show, 1000);

  // The smallest things that change, so that only they are marked.
  var before = [];
  function texts(region) {
    return Array.from(region.querySelectorAll(".figure, .room b, td, .conflicts li, .slot"), function (element) {
      return { element: element, text: element.textContent.replace(/\s+/g, " ").trim() };
    });
  }

  document.addEventListener("htmx:sseBeforeMessage", function (event) {
    var region = event.target;
    var focused = document.activeElement;
    region.dataset.focus = focused && region.contains(focused) ? focused.getAttribute("href") || "" : "";
    before = texts(region);
  });
  document.addEventListener("htmx:sseMessage", function (event) {
    var region = event.target;
    heard = Date.now();
    texts(region).forEach(function (item, i) {
      if (!before[i] || before[i].text !== item.text) { item.element.classList.add("fresh"); }
    });
    if (region.dataset.focus) {
      var again = region.querySelector('[href="' + CSS.escape(region.dataset.focus) + '"]');
      if (again) { again.focus({ preventScroll: true }); }
    }
    delete region.dataset.focus;
  });

  document.addEventListener("htmx:beforeRequest", function (event) {
    var link = event.detail.elt.closest("a[href]") || event.detail.elt;
    if (narrow.matches && event.detail.target && event.detail.target.id === "sheet") {
      event.preventDefault();
      window.location.href = link.getAttribute("href");
    }
  });
  // A sheet that cannot be shown is opened as a page, which says why.
  document.addEventListener("htmx:responseError", function (event) {
    var href = event.detail.elt.getAttribute("href");
    if (href) { window.location.href = href; }
  });

  var opener = null;
  document.addEventListener("htmx:afterSwap", function (event) {
    if (event.detail.target && event.detail.target.id === "sheet") {
      opener = event.detail.requestConfig ? event.detail.requestConfig.elt : null;
      var close = event.detail.target.querySelector("[data-close]");
      if (close) { close.focus(); }
    }
  });
  function close() {
    var sheet = document.getElementById("sheet");
    if (!sheet || !sheet.firstChild) { return; }
    sheet.replaceChildren();
    if (opener && document.contains(opener)) { opener.focus(); }
  }
  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-close]")) { close(); }
    var row = event.target.closest("tr.row");
    if (row && !event.target.closest("a, button")) {
      var link = row.querySelector("a[href]");
      if (link) { link.click(); }
    }
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") { close(); }
    // Answers of a spot check have one key each.
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) { return; }
    var answer = document.querySelector('button[data-key="' + CSS.escape(event.key) + '"]');
    if (answer) { answer.click(); }
  });
})();
