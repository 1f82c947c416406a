// What a page shows stands in its address, behind the "#": /page?name=value. So it can be kept,
// sent, and gone back to, from a folder as from a server.

function stateOf(hash) {
  const [page, query] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  return { page: page || "results", params: new URLSearchParams(query ?? "") };
}

function hashOf(page, params) {
  const query = params.toString();
  return `#/${page}${query ? `?${query}` : ""}`;
}

let state = stateOf(location.hash);

// Change parameters of the page that is shown: null and "" remove one, arrays set several of a
// name, "" among them. `quiet` does not make an entry in the history, as for every letter that is typed.
function change(changes, quiet = false) {
  const params = new URLSearchParams(state.params);
  for (const [name, value] of Object.entries(changes)) {
    params.delete(name);
    const values = Array.isArray(value) ? value : value ? [value] : [];
    values.forEach((each) => params.append(name, each));
  }
  history[quiet ? "replaceState" : "pushState"](null, "", hashOf(state.page, params));
  show();
}
