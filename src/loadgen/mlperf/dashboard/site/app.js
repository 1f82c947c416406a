// Which page is shown: made when its address is entered, told of each change of its parameters.

const PAGES = {
  results: ["Results", resultsPage], compare: ["Compare", comparePage], top: ["Top results", topPage],
  history: ["History", historyPage], about: ["About", aboutPage], result: ["Result", resultPage],
};
const IN_MENU = ["results", "compare", "top", "history", "about"];

const main = document.getElementById("main");
const menu = document.querySelector("header nav ul");
const links = IN_MENU.map((name) => h("a", { href: `#/${name}` }, PAGES[name][0]));
menu.append(...links.map((link) => h("li", null, link)));
let open = { page: null, update: null };

function show() {
  state = stateOf(location.hash);
  const known = Object.hasOwn(PAGES, state.page);
  const name = known ? state.page : "results";
  const entered = open.page !== name || (name === "result" && open.key !== state.params.get("key"));
  if (open.page !== name) {
    const first = open.page === null;
    const { node, update } = PAGES[name][1]();
    main.replaceChildren(node);
    open = { page: name, update, first };
  } else open.first = false;
  open.key = state.params.get("key");
  open.update(state.params);
  links.forEach((link, i) => {
    if (IN_MENU[i] === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  });
  const heading = main.querySelector("h1");
  document.title = `${heading.textContent} - loadgen dashboard`;
  // Who follows a link is at the top of what it leads to; who opens the site starts at its top.
  if (entered && !open.first) {
    heading.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }
}

addEventListener("popstate", show);
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
show();
