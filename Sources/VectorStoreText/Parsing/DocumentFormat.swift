// What kind of text a file holds, judged by its name. Adding a file asks it once; the chunker cuts
// by it, and only Markdown is looked at for front matter.

/// The kind of a document's text, which decides where it is best cut.
///
/// New kinds may be added, so switch with a default. One that the library does not know is cut and stored as
/// ``text``.
public struct DocumentFormat: RawRepresentable, Hashable, Sendable, Codable,
  CustomStringConvertible
{
  /// The kind as text, as it stands in JSON.
  public let rawValue: String

  /// Creates a kind from its text.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// The kind as text.
  public var description: String { rawValue }

  /// Plain text: cut at paragraphs and sentences.
  public static let text = DocumentFormat(rawValue: "text")
  /// Markdown: cut at headings first; may begin with front matter.
  public static let markdown = DocumentFormat(rawValue: "markdown")
  /// Source code and configuration: cut at blank lines and lines.
  public static let code = DocumentFormat(rawValue: "code")

  /// Those that a store holds.
  package static let known = [text, markdown, code]

  /// Reads what a store holds, and takes what it cannot hold for text.
  package init(stored rawValue: String) { self = DocumentFormat(rawValue: rawValue).stored }

  /// The kind by which a document is cut and stored.
  package var stored: DocumentFormat { Self.known.contains(self) ? self : .text }

  /// Judges a file by its name, case aside: Markdown and code by their extensions, files such as
  /// `Makefile` and `Dockerfile` by the whole name, and everything else is text.
  ///
  /// - Parameter fileName: a name, or a path whose last component is one.
  public init(fileName: String) {
    let name = fileName.split(separator: "/").last.map { $0.lowercased() } ?? ""
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    let suffix = parts.count > 1 ? String(parts[parts.count - 1]) : ""
    if Self.markdownExtensions.contains(suffix) {
      self = .markdown
    } else if Self.codeExtensions.contains(suffix) || Self.codeNames.contains(name)
      || Self.codeNamePrefixes.contains(String(parts[0]))
    {
      self = .code
    } else {
      self = .text
    }
  }

  /// Whether a file's name says that it holds text: that of Markdown, of code, or of plain text.
  package static func isTextName(_ fileName: String) -> Bool {
    let name = fileName.split(separator: "/").last.map { $0.lowercased() } ?? ""
    let suffix = name.contains(".") ? name.split(separator: ".").last.map(String.init) : nil
    return DocumentFormat(fileName: fileName) != .text
      || suffix.map(plainTextExtensions.contains) ?? false
  }

  private static let plainTextExtensions = words(
    "adoc asc asciidoc bib csv eml log me nfo org po pot rst srt tab tex text textile tsv txt vtt")

  private static let markdownExtensions = words(
    "markdown md mdc mdown mdtext mdtxt mdwn mdx mkd mkdn mkdown qmd rmd")

  /// Whole names that say more than their extension, or that have none.
  private static let codeNames = words(
    """
    .bash_profile .bashrc .clang-format .clang-tidy .dockerignore .editorconfig .env .gitattributes
    .gitignore .gitmodules .profile .vimrc .zshrc berksfile brewfile build buildfile cargo.lock
    cmakelists.txt codeowners emakefile fastfile gemfile gnumakefile go.mod go.sum gradlew guardfile
    jenkinsfile justfile kbuild kconfig meson.build meson_options.txt podfile procfile rakefile
    sconscript sconstruct snakefile tiltfile vagrantfile workspace wscript
    """)

  /// Names that are code with any extension: `Dockerfile.dev`, `Makefile.am`.
  private static let codeNamePrefixes = words("containerfile dockerfile makefile")

  private static let codeExtensions = words(
    """
    abap ada adb ads agda apex applescript as asm astro awk bas bash bat bats bzl c c++ c++m cc cjs
    cl clj cljc cljs cls cmake cmd cob cobol coffee comp conf config cpp cppm cr cs csh cshtml csproj
    css csx cts cu cue cuh cxx cypher d dart dhall diff dpr ebuild edn eex el elm erb erl ex exs f
    f03 f08 f77 f90 f95 fish for fs fsi fsproj fsx fth gd geojson gleam glsl gn gni go gql gradle
    graphql groovy gyp h h++ haml handlebars hbs hcl heex hh hlsl hpp hrl hs htm html hx hxx idl
    idr ini ino ipynb ixx jade java jinja jinja2 jl js json json5 jsonc jsonl jsonnet jsp jsx kql ksh
    kt kts l lean less lhs liquid lisp ll lock lua m m4 mak metal mjs mk ml mli mlir mm mojo mts
    mustache mxml nasm ndjson nim nims nix nu odin pas patch php pl plist pm podspec pony pp prisma
    pro proto ps1 psd1 psm1 pug purs pxd py pyi pyw pyx qml r rake raku rb rbi re rego rei rkt rs s
    sass sbt scala scm scss sed sh shader slim sln sol sql ss ssml st sty styl sv svelte svg svh
    swift tcl templ tf tfvars thrift toml tpl ts tsx twig txtpb v vala vb vbs vcxproj vhd vhdl vim
    vue wat wgsl wsdl x xaml xcconfig xhtml xml xsd xsl xslt y yaml yml zig zsh
    """)

  private static func words(_ list: String) -> Set<String> {
    Set(list.split(whereSeparator: \.isWhitespace).map(String.init))
  }
}
