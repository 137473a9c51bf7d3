// SourcePath: one spelling for each path, and which sources lie under which root.

import Testing
import VectorStoreText

struct SourcePathTests {
  @Test(arguments: [
    ("./docs//a.md", "docs/a.md"), ("docs/", "docs"), ("docs/./a", "docs/a"), (".", "."),
    ("./", "."), ("/", "/"), ("//a//b/", "/a/b"), ("/./a", "/a"), ("../x", "../x"),
    ("a/../b", "a/../b"), ("./..", ".."), (".hidden", ".hidden"), ("a\nb", "a\nb"), ("😀/", "😀"),
  ])
  func spellsPathsInOneWay(path: String, source: String) {
    #expect(SourcePath.normalized(path) == source)
    #expect(SourcePath.normalized(source) == source)
  }

  @Test func keepsCompositionOfNames() {
    #expect(SourcePath.normalized("./e\u{301}").utf8.elementsEqual("e\u{301}".utf8))
    #expect(!SourcePath.liesUnder("\u{E9}", source: "e\u{301}/a.md"))
  }

  @Test(arguments: [
    ("docs", "docs/a.md"), ("docs", "docs/x/a.md"), ("docs/", "docs/a.md"), ("./docs", "docs/a.md"),
    ("docs/a.md", "docs/a.md"), (".", "a.md"), (".", "docs/a.md"), ("/", "/a"), ("/x", "/x/a"),
    ("..", "../a.md"), ("docs", "docs/x/../a.md"),
  ])
  func findsSourcesUnderARoot(root: String, source: String) {
    #expect(SourcePath.liesUnder(root, source: source))
  }

  @Test(arguments: [
    ("docs", "docs-old/a.md"), ("docs", "docs.md"), ("docs", "other/docs/a.md"), ("docs/a", "docs"),
    (".", "/a.md"), (".", "../a.md"), ("/", "a.md"), ("..", "../../a.md"), ("docs", "docs/../a.md"),
    ("docs", "docs/x/../../a.md"), ("..", "a.md"), ("/docs", "docs/a.md"),
  ])
  func leavesOutOtherSources(root: String, source: String) {
    #expect(!SourcePath.liesUnder(root, source: source))
  }
}
