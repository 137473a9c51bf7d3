// The page at `/`: one file that loads nothing and may run no script but its own.

import ArgumentParser
import Foundation
import VectorStore

/// The page for people: search, collections, spending.
enum SearchPage {
  /// The whole page, which holds nothing of the store: its script asks the server.
  static let html = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width,initial-scale=1">
    <title>store</title>
    <style>\(css)</style>
    </head>
    <body>
    <header>
    <form id="form" role="search">
    <label class="box"><span class="hidden">Search</span>
    <input id="question" type="search" placeholder="Ask in your own words" autocomplete="off" autofocus
    spellcheck="false" enterkeyhint="search"><kbd>/</kbd></label>
    <div class="options">
    <label>in <select id="collection"></select></label>
    <label>by <select id="rank"><option value="both">meaning and words</option>
    <option value="vector">meaning</option><option value="words">words</option></select></label>
    <label class="filter">only <input id="filter" placeholder="lang = 'de' and year &gt;= 2020"
    autocomplete="off" spellcheck="false" aria-label="Filter"></label>
    </div>
    </form>
    </header>
    <main>
    <form id="login" hidden>
    <label>This server wants its token. <input id="token" type="password" autocomplete="off"
    aria-label="Token"></label> <button>Use it</button>
    </form>
    <p id="note" role="status" aria-live="polite"></p>
    <ol id="hits"></ol>
    </main>
    <footer>
    <section><h2>Collections</h2><ul id="collections"></ul></section>
    <section><h2>Service</h2><ul id="service"></ul>
    <p id="report"><a href="/report">How good the vectors are</a></p></section>
    <section><h2>Keys</h2><ul><li><kbd>/</kbd> search</li><li><kbd>↑</kbd> <kbd>↓</kbd> move</li>
    <li><kbd>Enter</kbd> whole passage</li><li><kbd>Esc</kbd> back to the question</li></ul></section>
    </footer>
    <script>\(SearchPageScript.script)</script>
    </body>
    </html>
    """

  /// What a browser may do for this page: nothing but run its script, use its style and ask this server.
  static let policy: String = {
    func hash(_ text: String) -> String {
      "'sha256-\(SHA256.hash(Data(text.utf8)).base64EncodedString())'"
    }
    return
      "default-src 'none'; script-src \(hash(SearchPageScript.script)); style-src \(hash(css)); "
      + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
  }()

  static var route: ServeRoute {
    ServeRoute(method: "GET", path: "/", summary: "A page to search by hand.", isOpen: true) { _ in
      var response = HTTPResponse(contentType: "text/html; charset=utf-8", Data(html.utf8))
      response.headers["Content-Security-Policy"] = policy
      return response
    }
  }

  /// The report of the vectors' quality. It takes as long as `store stats` does.
  static func report(_ store: Store) -> ServeRoute {
    ServeRoute(
      method: "GET", path: "/report", summary: "How good the vectors are, as a page."
    ) { _ in
      let name = URL(filePath: store.path).lastPathComponent
      let page = StatisticsPage(
        try await store.statistics(), store: name, version: StoreCommand.configuration.version)
      var response = HTTPResponse(contentType: "text/html; charset=utf-8", Data(page.html.utf8))
      // The page has a policy of its own, in which this cannot stand.
      response.headers["Content-Security-Policy"] = "frame-ancestors 'none'"
      return response
    }
  }

  private static let css = """

    :root{color-scheme:light dark;--page:#f6f7f8;--card:#fff;--text:#1b2026;--soft:#56606b;--edge:#d8dde3;
    --line:#8a94a0;--accent:#0067a3;--mark:#ffe58a;--bad:#b3261e}
    @media(prefers-color-scheme:dark){:root{--page:#121518;--card:#1b1f24;--text:#e6e9ed;--soft:#a4aeb9;
    --edge:#363d45;--line:#7c8793;--accent:#62b8f0;--mark:#6b5300;--bad:#ff9a92}}
    *{box-sizing:border-box}[hidden],.hidden{display:none!important}
    body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 system-ui,sans-serif;
    overflow-wrap:anywhere;min-height:100vh;display:flex;flex-direction:column}
    header{position:sticky;top:0;z-index:1;background:var(--page);border-bottom:1px solid var(--edge);
    padding:14px 16px 10px}
    header form{width:100%;max-width:880px;margin:0 auto}
    main,footer{width:100%;max-width:912px;margin:0 auto}
    main{padding:8px 16px 24px;flex:1}footer{padding:16px;display:grid;gap:8px 32px;
    grid-template-columns:repeat(auto-fit,minmax(200px,1fr));color:var(--soft);font-size:.9rem;
    border-top:1px solid var(--edge)}
    .box{display:flex;align-items:center;gap:8px;background:var(--card);border:1px solid var(--line);
    border-radius:10px;padding:0 12px}
    .box:focus-within{border-color:var(--accent);box-shadow:0 0 0 1px var(--accent)}
    #question{flex:1;min-width:0;border:0;outline:0;background:none;color:inherit;font:inherit;
    font-size:1.1rem;padding:11px 0}
    .options{display:flex;flex-wrap:wrap;gap:8px 14px;margin-top:10px;color:var(--soft);font-size:.9rem}
    .options label{display:flex;align-items:center;gap:6px}.filter{flex:1 1 240px}
    select,.filter input,#login input,button{font:inherit;color:var(--text);background:var(--card);
    border:1px solid var(--line);border-radius:7px;padding:4px 8px;min-height:34px}
    select{max-width:46vw}.filter input{flex:1;min-width:0;font-family:ui-monospace,monospace;font-size:.85rem}
    select:focus,.filter input:focus,#login input:focus,button:focus{outline:2px solid var(--accent);
    outline-offset:-1px}
    kbd{font:.8rem ui-monospace,monospace;border:1px solid var(--edge);border-bottom-width:2px;
    border-radius:5px;padding:1px 6px;color:var(--soft)}
    #note{color:var(--soft);margin:10px 0;min-height:1.5em;white-space:pre-line}#note.bad{color:var(--bad)}
    #login{margin:16px 0}
    ol,ul{list-style:none;margin:0;padding:0}
    #hits>li{background:var(--card);border:1px solid var(--edge);border-radius:10px;padding:12px 16px;
    margin:10px 0;cursor:pointer;scroll-margin:130px 0 20px}
    #hits>li:focus{outline:2px solid var(--accent);outline-offset:-1px}
    .head{display:flex;gap:12px;align-items:baseline;justify-content:space-between}
    .place{font-weight:650}.score{flex:none;display:flex;gap:8px;align-items:center;color:var(--soft);
    font-size:.85rem;font-variant-numeric:tabular-nums}
    .score i{display:block;width:56px;height:6px;border-radius:3px;background:var(--edge);overflow:hidden}
    .score svg{display:block;width:56px;height:6px}.score rect{fill:var(--accent)}
    .path{color:var(--soft);font-size:.87rem}.text{white-space:pre-wrap;margin:6px 0 0;
    font-size:.94rem}
    .text.whole{border-top:1px solid var(--edge);padding-top:8px}
    #hits>li.weak{opacity:.72}#hits>li.weak:focus{opacity:1}
    mark{background:var(--mark);color:inherit;border-radius:3px;padding:0 1px}
    .more{color:var(--soft);font-size:.85rem;margin:4px 0 0}
    h2{font-size:.9rem;margin:0 0 4px;color:var(--text)}footer li,footer p{padding:2px 0;margin:0}a{color:var(--accent)}
    @media(max-width:480px){.options select{max-width:38vw}.box kbd{display:none}header{position:static}}
    """
}
