// The CSRF token of this page, for requests that scripts make.
export const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? "";

/** Put the token in a request's headers. htmx does not inherit headers from <body>, so one listener adds it. */
export function addTokenTo(headers) {
  headers["X-CSRFToken"] = token();
}

/** POST a form as it stands, without its files if so wished; answers the Response. `signal` can abort it. */
export function postForm(form, { url = form.action, signal, files = true } = {}) {
  const data = new FormData(form);
  if (!files) [...data].forEach(([name, value]) => value instanceof File && data.delete(name));
  return fetch(url, {
    method: "POST",
    body: data,
    headers: { "X-CSRFToken": token(), "X-Requested-With": "fetch" },
    credentials: "same-origin",
    signal,
  });
}

/** Take the token of a page that was fetched later: the session may have become another one. */
export function adoptToken(page) {
  const fresh = page.querySelector('meta[name="csrf-token"]')?.content;
  if (!fresh) return;
  document.querySelector('meta[name="csrf-token"]').content = fresh;
  document.querySelectorAll('input[name="csrf_token"]').forEach((input) => (input.value = fresh));
}
