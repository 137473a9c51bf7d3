// DocumentFormat: which names are Markdown, which are code, and that the rest is text.

import Foundation
import Testing
import VectorStoreText

struct DocumentFormatTests {
  @Test(arguments: [
    "notes.md", "README.MD", "a.b.markdown", "docs/page.mdx", "report.qmd", ".md", "Makefile.md",
  ])
  func knowsMarkdown(name: String) {
    #expect(DocumentFormat(fileName: name) == .markdown)
  }

  @Test(arguments: [
    "main.swift", "a.C", "lib.rs", "x.py", "x.tsx", "x.kt", "x.f90", "x.hs", "query.sql",
    "config.yaml", "package.json", "page.html", "style.css", "Makefile", "src/makefile",
    "Makefile.am", "Dockerfile", "Dockerfile.dev", "CMakeLists.txt",
    "Gemfile", "Jenkinsfile", "go.mod", ".gitignore", "run.sh", "a.ps1", "x.proto",
  ])
  func knowsCode(name: String) {
    #expect(DocumentFormat(fileName: name) == .code)
  }

  @Test(arguments: [
    "notes.txt", "README", "LICENSE", "a.rst", "paper.tex", "data.csv", "log.2024-05-01", "", "/",
    "swift", "md", "folder.swift/notes", "makefiles", "trailing.",
  ])
  func takesTheRestForText(name: String) {
    #expect(DocumentFormat(fileName: name) == .text)
  }

  @Test func isWrittenByItsName() throws {
    let json = try JSONEncoder().encode([DocumentFormat.text, .markdown, .code])
    #expect(String(decoding: json, as: UTF8.self) == #"["text","markdown","code"]"#)
  }

  @Test func anotherOneIsKeptAsItIsAndStoredAsText() throws {
    let other = try JSONDecoder().decode(DocumentFormat.self, from: Data("\"poem\"".utf8))
    #expect(other.rawValue == "poem" && "\(other)" == "poem" && other.stored == .text)
    for known in DocumentFormat.known { #expect(known.stored == known) }
    #expect(DocumentFormat(stored: "code") == .code && DocumentFormat(stored: "poem") == .text)
  }
}
