// Ties the pages of passkeys to allauth's own script by data attributes, since the policy allows no inline script.
(function () {
  "use strict";
  const SENTENCE = "The browser did not give a passkey. Try again, or use another way in.";

  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    const place = document.getElementById("passkey-note");
    if (place) { place.hidden = false; place.querySelector("p").textContent = SENTENCE; }
  });

  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-passkey]")) {
      if (!window.PublicKeyCredential) { continue; }
      const { passkey, credential, options, alone } = button.dataset;
      const ids = { credential, data: options, passwordless: alone, add: button.id, authenticate: button.id, login: button.id };
      window.allauth.webauthn.forms[passkey]({ ids });
      button.hidden = false;
    }
  });
})();
