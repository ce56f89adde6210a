// Asks the browser for a passkey, and sends what it answers with the form. The standard (WebAuthn)
// has no way without a script: pages offer a code or a password beside it.
const form = document.querySelector("form[data-passkey]");
const api = window.PublicKeyCredential;
const able = typeof api?.parseCreationOptionsFromJSON === "function";

async function answer({ passkey, options }) {
  const said = JSON.parse(options);
  if (passkey === "create") {
    return navigator.credentials.create({ publicKey: api.parseCreationOptionsFromJSON(said) });
  }
  return navigator.credentials.get({ publicKey: api.parseRequestOptionsFromJSON(said) });
}

async function ask(event) {
  event.preventDefault();
  const trouble = form.querySelector("[data-trouble]");
  trouble.hidden = true;
  try {
    const credential = await answer(form.dataset);
    form.elements.secret_answer.value = JSON.stringify(credential.toJSON());
    form.submit();
  } catch {
    trouble.hidden = false;
    trouble.focus();
  }
}

if (form) {
  form.querySelector(able ? "[data-able]" : "[data-unable]").hidden = false;
  if (able) form.querySelector("[data-ask]").addEventListener("click", ask);
}
