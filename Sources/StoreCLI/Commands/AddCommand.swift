// `store add`: files, folders, standard input or a text become documents.

import ArgumentParser
import Foundation
import VectorStore

struct AddCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Add files, folders, standard input or a text.",
    discussion: """
      Adds all files of a folder that hold text, but for what .gitignore names and hidden files. Web pages, \
      notebooks, tables, mail and subtitles are read as such; PDF documents if pdftotext is installed, and \
      Word, OpenDocument, RTF and EPUB files if pandoc is; --convert names a command for any other kind. With \
      LLAMAPARSE_API_KEY, LlamaParse reads what nothing here does: scans, presentations, spreadsheets. \
      Adding again changes only what changed. What was added is remembered with its options: \
      `store update` brings all of it in step, `store roots` lists it.
      """)

  @Argument(help: "Files and folders.", completion: .file())
  var paths: [String] = []

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("A text to add as one document.", valueName: "text"))
  var text: String?

  @Flag(help: "Add standard input as one document.")
  var stdin = false

  @Option(
    help: ArgumentHelp(
      "The name of the document that --text or --stdin makes (default: made from its text).",
      valueName: "name"))
  var id: String?

  @Option(
    parsing: .singleValue,
    help: ArgumentHelp(
      "Take only files of folders that match, as '*.md' or 'src/**'; '!*.log' leaves out. Repeatable.",
      valueName: "pattern"))
  var glob: [String] = []

  @Option(
    help: ArgumentHelp(
      "The encoding of files that are not UTF-8, as windows-1252 or Shift_JIS.", valueName: "name"))
  var encoding: String?

  @Option(
    help: ArgumentHelp(
      "The column of CSV and TSV, or field of JSON lines, that is the text; '' takes whole rows.",
      valueName: "name"))
  var textField: String?

  @Flag(
    name: .customLong("no-text"),
    help: "Keep no text in a new collection, only ranges, hashes and vectors: no word search.")
  var noText = false

  @OptionGroup var convert: ConvertOptions

  @Flag(help: "Follow symbolic links in folders.")
  var follow = false

  @OptionGroup var metadata: MetadataOptions

  @Option(
    help: ArgumentHelp(
      "The most tokens of a chunk, estimated (default: as before, else \(ChunkingOptions().maximumTokens)).",
      valueName: "n"))
  var chunkTokens: Int?

  @Option(help: ArgumentHelp("The tokens that a chunk repeats of the one before.", valueName: "n"))
  var overlap: Int?

  @OptionGroup var pruning: PruneOptions

  @Flag(help: "Show what would be added, and its cost; change and spend nothing.")
  var dryRun = false

  @Option(
    help: ArgumentHelp(
      "The model of a new collection: one of `store model list`, or a space.", valueName: "model"))
  var model: ModelArgument?

  @OptionGroup var spending: SpendingArguments
  @OptionGroup var collection: CollectionOptions
  @OptionGroup var mode: ModeOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    guard !paths.isEmpty || text != nil || stdin else {
      throw ValidationError("Name files or folders to add, or give --text or --stdin.")
    }
    guard text == nil || !stdin else { throw ValidationError("Give --text or --stdin, not both.") }
    guard paths.isEmpty || (text == nil && !stdin) else {
      throw ValidationError("Give paths, --text or --stdin, one of them at a time.")
    }
    guard id == nil || paths.isEmpty else {
      throw ValidationError(
        "--id names the document of --text or --stdin; a file is named by its path.")
    }
    if let encoding, !NamedEncoding.isKnown(encoding) {
      throw ValidationError(
        "--encoding is \"\(encoding)\", which this system does not know; give an IANA name, as "
          + "windows-1252, ISO-8859-15 or Shift_JIS.")
    }
    do {
      try chunking?.validate()
    } catch {
      throw ValidationError("\(error)")
    }
  }

  func run() async throws {
    var settings = try await Settings(
      store, mode: mode.mode, access: dryRun ? .readOnly : .readWrite,
      embeds: collection.name, sends: !dryRun, makes: true)
    await settings.permit(convert.converters, in: collection.name, remembers: !dryRun)
    if !paths.isEmpty { try settings.addParser(sends: !dryRun) }
    let draft = dryRun ? try await settings.useDraftIfAbsent() : nil
    defer { draft?.remove() }
    var options = AddOptions()
    options.chunking = chunking
    options.metadata = metadata.values
    options.removedMetadata = metadata.removed
    options.keepsMetadata = true
    if let model {
      let space = try model.space(in: settings.library)
      try settings.use(space: space)
      options.space = space
    }
    options.globs = glob
    options.encoding = encoding
    options.textField = textField
    options.keepsText = noText ? false : nil
    options.converters = convert.converters
    options.followsLinks = follow
    options.prunes = pruning.prune
    options.prunesMostOfARoot = pruning.yes
    options.isDryRun = dryRun
    options.spending = spending.options(quiet: store.quiet)
    let (addOptions, document) = (options, try inputDocument())
    if document == nil { try Store.checkAny(of: paths) }
    let (report, identity) = try await ProgressBar.during(quiet: store.quiet) { progress in
      try await settings.withStore { store in
        if !dryRun { try await self.store.fetchBatches(of: store) }
        if let document {
          let report = try await store.add([document], to: collection.name, options: addOptions)
          return (report, store.identity)
        }
        let report = try await store.add(
          paths: paths, to: collection.name, options: addOptions, progress: progress)
        return (report, store.identity)
      }
    }
    if store.json {
      try JSONOutput.write(report)
    } else {
      ReportOutput.write(
        report, canEmbed: settings.configuration.service != nil, quiet: store.quiet,
        identity: identity, names: store.verbose)
    }
    try report.throwIfPartial()
  }

  /// How texts are cut, if the command line says so.
  private var chunking: ChunkingOptions? {
    guard chunkTokens != nil || overlap != nil else { return nil }
    let standard = ChunkingOptions()
    return ChunkingOptions(
      maximumTokens: chunkTokens ?? standard.maximumTokens,
      overlapTokens: overlap ?? standard.overlapTokens)
  }

  /// The document of --text or --stdin.
  private func inputDocument() throws -> Document? {
    if let text { return Document(id: id, text: text) }
    guard stdin else { return nil }
    return Document(id: id, text: try StandardInput.text())
  }
}

extension AddReport {
  /// Exit status 4 where the budget stopped it, 1 where nothing at all was done, 3 where something is
  /// pending, failed or was not removed.
  func throwIfPartial() throws {
    if isStoppedByBudget { throw ExitStatus.budget }
    guard isPartial || !notPruned.isEmpty else { return }
    let done =
      documents.added + documents.updated + documents.unchanged + documents.moved
      + documents.removed
      + documents.pending + chunks.embedded + chunks.reused + chunks.standIn
    throw done == 0 ? ExitCode.failure : ExitStatus.partial
  }
}
