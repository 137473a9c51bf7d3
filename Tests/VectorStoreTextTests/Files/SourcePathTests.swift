// SourcePath: which ids lie in which folder.

import Testing
import VectorStoreText

struct SourcePathTests {
  @Test(arguments: [
    ("docs", "docs/a.md"), ("docs", "docs/x/a.md"), ("docs/", "docs/a.md"), ("./docs", "docs/a.md"),
    (".", "a.md"), (".", "docs/a.md"), ("/", "/a"), ("/x", "/x/a"), ("..", "../a.md"),
    ("docs", "docs/x/../a.md"), ("https://a.org/", "https://a.org/one"),
  ])
  func findsIDsBelowAFolder(folder: String, id: String) {
    #expect(SourcePath.liesBelow(folder, source: id))
  }

  @Test(arguments: [
    ("docs", "docs-old/a.md"), ("docs", "docs.md"), ("docs", "other/docs/a.md"), ("docs/a", "docs"),
    ("docs", "docs"), (".", "/a.md"), (".", "../a.md"), ("/", "a.md"), ("..", "../../a.md"),
    ("docs", "docs/../a.md"), ("docs", "docs/x/../../a.md"), ("..", "a.md"), ("/docs", "docs/a.md"),
    ("\u{E9}", "e\u{301}/a.md"),
  ])
  func leavesOutOtherIDs(folder: String, id: String) {
    #expect(!SourcePath.liesBelow(folder, source: id))
  }
}
