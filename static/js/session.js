/* The end of a session takes nothing that was typed: the page stays, and goes on after a sign-in in another tab.
   Runs before portal.js, which would lead to the sign-in. */
(() => {
  const body = document.body, HEADERS = "hx-headers:inherited";
  const find = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const first = (el) => Math.max(el.multiple ? -1 : 0, [...el.options].findIndex((one) => one.defaultSelected));
  const isChanged = (el) => el.options ? el.selectedIndex !== first(el)
    : el.value !== el.defaultValue || el.checked !== el.defaultChecked;
  const isTyped = () => all("form:not([role=search]) :is(textarea,select,input:not([type=hidden]))").some(isChanged);
  let isOut = false, isBusy = false;

  const stay = () => {
    isOut = true;
    body.dataset.lost = ""; /* figures stand still */
    const words = find("#signed-out-words");
    if (!find("#signed-out")) (find("#dialog[open] .card__body") ?? find("#alert")).prepend(words.content.cloneNode(true));
  };
  const goOn = async () => { /* forms get the token of the new session; until that worked, each poll tries again */
    isBusy = true;
    try {
      const answer = await fetch(find("#signed-out-words").dataset.page);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html"), headers = page.body.getAttribute(HEADERS);
      if (!answer.ok || answer.redirected || !headers) return;
      body.setAttribute(HEADERS, headers);
      all("[name=csrfmiddlewaretoken]").forEach((el) => { el.value = JSON.parse(headers)["X-CSRFToken"]; });
      find("#signed-out")?.remove();
      delete body.dataset.lost;
      isOut = false;
    } catch { /* no answer: the next poll */ } finally { isBusy = false; }
  };
  document.addEventListener("htmx:after:request", (e) => {
    const reply = e.detail.ctx.response.raw, words = find("#signed-out-words");
    if (words && reply.redirected && new URL(reply.url).pathname === words.dataset.login && isTyped()) {
      e.preventDefault(); e.stopImmediatePropagation();
      stay();
    } else if (isOut && !isBusy && reply.status < 400 && !reply.redirected) goOn(); /* 304: no news */
  });
})();
