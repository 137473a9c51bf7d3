// SourceIdentity: one source a file, however its path is typed and from wherever.

import Foundation
import TestSupport
import Testing
import VectorStoreText

struct SourceIdentityTests {
  @Test func eachFileHasOneSource() throws {
    try FileTree.with { tree in
      try tree.create("vault/docs/a.md", "elsewhere/b.md", "vault/docs/sub/")
      let working = ["vault", "vault/docs", "vault/docs/sub", "elsewhere", "", "/"]
      let spellings: [[String]] = [
        ["docs/a.md", "./docs//a.md", "docs/../docs/./a.md", "docs/sub/../a.md"],
        ["a.md", "./a.md", "../docs/a.md", "../../vault/docs/a.md", "sub/../a.md"],
        ["../a.md", "..//a.md"], ["../vault/docs/a.md"], ["vault/docs/a.md"], [],
      ]
      for (folder, typed) in zip(working, spellings) {
        let identity = SourceIdentity(
          storeFolder: tree.path("vault"),
          workingFolder: folder == "/" ? "/" : tree.path(folder))
        for path in typed + [tree.path("vault/docs/a.md"), tree.path("vault//x/../docs/a.md")] {
          #expect(identity.source(of: path) == "docs/a.md", "\(path) in \(folder)")
        }
        let other = tree.path("elsewhere/b.md")
        #expect(identity.source(of: other) == other)
        #expect(identity.path(of: "docs/a.md") == tree.path("vault/docs/a.md"))
        #expect(identity.path(of: other) == other)
      }
    }
  }

  @Test func linksInTheFolderAreResolvedOnceAndALinkKeepsItsName() throws {
    try FileTree.with { tree in
      try tree.create("real/docs/a.md", "elsewhere/b.md")
      try tree.link("link", to: "real")
      try tree.link("real/b.md", to: "../elsewhere/b.md")
      let identity = SourceIdentity(
        storeFolder: tree.path("link"), workingFolder: tree.path("link"))
      #expect(identity.storeFolder == tree.path("real"))
      #expect(identity.source(of: "docs/a.md") == "docs/a.md")
      #expect(identity.source(of: tree.path("link/docs/a.md")) == "docs/a.md")
      #expect(identity.source(of: tree.path("link/docs")) == "docs")
      #expect(identity.source(of: "b.md") == "b.md")
      // The system's `..` of a link is the folder above what it leads to.
      #expect(
        identity.source(of: tree.path("link/../elsewhere/b.md")) == tree.path("elsewhere/b.md"))
    }
  }

  @Test func whatIsNotThereIsSpelledFromTheDeepestFolderThatIs() throws {
    try FileTree.with { tree in
      try tree.create("docs/")
      let identity = SourceIdentity(storeFolder: tree.root, workingFolder: tree.path("docs"))
      #expect(identity.source(of: "gone/x/../a.md") == "docs/gone/a.md")
      #expect(identity.source(of: "../gone.md") == "gone.md")
      #expect(identity.source(of: "..") == ".")
      #expect(identity.source(of: "/gone/../x") == "/x")
      #expect(identity.source(of: "../../../../../../../../../../..") == "/")
      let long = String(repeating: "x/", count: 5000) + "a"
      #expect(identity.source(of: long) == "docs/" + long)
      #expect(identity.source(of: "a\u{0}b") == "docs/a\u{0}b")
    }
  }

  @Test func namesAreComparedInOneComposition() throws {
    try FileTree.with { tree in
      try tree.create("re\u{301}sume\u{301}/e\u{301}.md")
      let identity = SourceIdentity(storeFolder: tree.root, workingFolder: tree.root)
      let source = identity.source(of: "re\u{301}sume\u{301}/e\u{301}.md")
      #expect(source.utf8.elementsEqual("r\u{E9}sum\u{E9}/\u{E9}.md".utf8))
      #expect(identity.source(of: "r\u{E9}sum\u{E9}/\u{E9}.md").utf8.elementsEqual(source.utf8))
      #expect(FileManager.default.fileExists(atPath: identity.path(of: source)))
    }
  }

  @Test func namesThatLookLikeStepsAreNone() throws {
    try FileTree.with { tree in
      try tree.create("...", "/\u{301}x", "new\nline.md", "-a", "*[x].md")
      let identity = SourceIdentity(storeFolder: tree.root, workingFolder: tree.root)
      for name in ["...", "new\nline.md", "-a", "*[x].md"] {
        #expect(identity.source(of: name) == name)
      }
      #expect(identity.source(of: ".hidden/./..x") == ".hidden/..x")
    }
  }

  @Test(arguments: [
    ("/v/docs/a.md", "/v", "docs/a.md"), ("/v/docs/a.md", "/v/docs", "a.md"),
    ("/v/docs/a.md", "/v/docs/sub", "../a.md"), ("/v/a.md", "/some/long/folder", "/v/a.md"),
    ("/v", "/v", "."), ("/v/docs", "/v/docs/sub", ".."), ("/v/x.md", "/v/y", "../x.md"),
    ("/a", "/", "a"),
  ])
  func pathsAreShownFromTheWorkingFolderIfThatIsShorter(path: String, folder: String, shown: String)
  {
    #expect(SourceIdentity.shown(path, from: folder) == shown)
  }

  @Test func foldersHoldWhatLiesInThem() throws {
    let identity = SourceIdentity(storeFolder: "/", workingFolder: "/")
    #expect(identity.lies("usr/x", in: "usr") && identity.lies("usr", in: "usr"))
    #expect(!identity.lies("usr-old/x", in: "usr") && !identity.lies("usr", in: "usr/x"))
    #expect(identity.lies("usr/x", in: "."))
    let store = SourceIdentity(storeFolder: "/usr", workingFolder: "/")
    #expect(store.lies("bin/x", in: "/") && store.lies("bin/x", in: "."))
    #expect(!store.lies("/etc/x", in: ".") && store.lies("/etc/x", in: "/etc"))
    #expect(store.relative("bin/x", below: "/usr") == "bin/x")
  }
}
