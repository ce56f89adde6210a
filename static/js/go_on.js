// Back from a provider: the page's one form sends itself.
document.querySelector("form#go-on")?.requestSubmit();
