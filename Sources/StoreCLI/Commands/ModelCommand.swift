// `store model`: models that run on this machine.

import ArgumentParser
import Foundation
import VectorStore

struct ModelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "Get, list and choose models that run on this machine.",
    discussion: """
      A model finds passages by meaning without a key, a server or a cost. `store model pull \
      all-MiniLM-L6-v2` fetches one; new collections then use it unless a key is set. \
      `store reembed --to local/all-MiniLM-L6-v2` moves a collection that is there already.
      """,
    subcommands: [
      Pull.self, Add.self, ListModels.self, Use.self, Remove.self,
    ])

  /// Fetches a known model.
  struct Pull: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Fetch a known model, verified by its hash.",
      discussion: "`store model list --known` shows the known models.")

    @Argument(help: "The model's name, as all-MiniLM-L6-v2.")
    var name: String

    @OptionGroup var output: ModelOutputOptions

    func run() async throws {
      let settings = try ModelSettings()
      guard let model = KnownLocalModel.named(name) else {
        let names = KnownLocalModel.all.map(\.name).joined(separator: ", ")
        throw SettingsError(
          message:
            "\(name) is not a known model; known are \(names). Any other one: fetch its folder "
            + "and run `store model add FOLDER`")
      }
      if !output.quiet {
        Terminal.standardError.write(
          "fetching \(model.name) (\(Format.bytes(Int64(model.bytes))), \(model.licence)) from "
            + "\(Terminal.oneLine(settings.address))\n")
      }
      let entry = try await ProgressBar.during(quiet: output.quiet) { progress in
        try await settings.library.pull(
          model, from: settings.address, certificateFile: settings.certificateFile
        ) { bytes in
          progress?(StoreProgress(done: bytes >> 20, total: model.bytes >> 20, unit: "MB"))
        }
      }
      try output.write(entry, in: settings.library)
    }
  }

  /// Takes a model out of a folder.
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add a model from a folder in Hugging Face's form.",
      discussion: """
        The folder holds config.json, model.safetensors and tokenizer.json or vocab.txt. BERT \
        encoders (MiniLM, BGE, E5, GTE, Arctic Embed), static models of Model2Vec, and rerankers \
        (ms-marco-MiniLM, bge-reranker) run here. The files are copied.
        """)

    @Argument(help: "The model's folder.", completion: .directory)
    var folder: String

    @Option(help: ArgumentHelp("The model's name (default: the folder's).", valueName: "name"))
    var name: String?

    @OptionGroup var output: ModelOutputOptions

    func run() async throws {
      let settings = try ModelSettings()
      if try LocalReranker.isReranker(folder: folder) {
        return try output.write(try await settings.library.addReranker(folder: folder, name: name))
      }
      try output.write(
        try await settings.library.add(folder: folder, name: name), in: settings.library)
    }
  }

  /// Lists models.
  struct ListModels: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "list", abstract: "List the models on this machine, or all known ones.")

    @Flag(help: "List the models that `store model pull` knows.")
    var known = false

    @Flag(name: .long, help: "Print JSON to standard output.")
    var json = false

    private struct Listing: Encodable {
      let models: [ModelLibrary.Entry]
      let rerankers: [ModelLibrary.RerankerEntry]
      let chosen: String?
    }

    private struct Known: Encodable {
      let models: [KnownLocalModel]
    }

    func run() throws {
      let library = try ModelSettings().library
      let output = Terminal.standardOutput
      if known {
        if json { return try JSONOutput.write(Known(models: KnownLocalModel.all)) }
        for model in KnownLocalModel.all {
          let most = model.maximumTokens.map { ", reads \($0) tokens" } ?? ""
          output.write(
            "\(output.styled(model.name, .bold))  \(Format.bytes(Int64(model.bytes))), "
              + "\(model.languages), \(model.licence), \(model.dimensions) dimensions\(most): "
              + "\(model.remark)\n")
        }
        return
      }
      let (models, chosen) = (library.models(), library.chosen?.name)
      let rerankers = library.rerankers()
      if json {
        return try JSONOutput.write(
          Listing(models: models, rerankers: rerankers, chosen: chosen))
      }
      guard !models.isEmpty || !rerankers.isEmpty else {
        return output.write("no models; `store model pull all-MiniLM-L6-v2` fetches one\n")
      }
      for model in models {
        let mark = model.name == chosen ? "  (for new collections)" : ""
        output.write(
          "\(output.styled(model.name, .bold))  \(Format.bytes(Int64(model.bytes))), space "
            + "\(model.space)\(mark)\n")
      }
      for model in rerankers {
        output.write(
          "\(output.styled(model.name, .bold))  \(Format.bytes(Int64(model.bytes))), reranker (for "
            + "`store query --rerank`)\n")
      }
    }
  }

  /// Chooses the model of new collections.
  struct Use: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Choose the model that new collections get.")

    @Argument(help: "The model's name.")
    var name: String

    func run() throws {
      let library = try ModelSettings().library
      try library.use(name)
      Terminal.standardOutput.write("new collections get \(try library.entry(name).space)\n")
    }
  }

  /// Removes a model.
  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Remove a model's files.",
      discussion: "Collections of it answer by words until it is there again.")

    @Argument(help: "The model's name.")
    var name: String

    func run() throws {
      let library = try ModelSettings().library
      let reranker = try? library.rerankerEntry(name)
      let found =
        try reranker.map { ($0.name, $0.bytes) }
        ?? { ($0.name, $0.bytes) }(library.entry(name))
      try library.remove(name)
      Terminal.standardOutput.write("removed \(found.0) (\(Format.bytes(Int64(found.1))))\n")
    }
  }
}

/// How the subcommands of `store model` talk that bring a model.
struct ModelOutputOptions: ParsableArguments {
  @Flag(name: .long, help: "Print JSON to standard output.")
  var json = false

  @Flag(name: [.short, .long], help: "Print no summary or progress.")
  var quiet = false

  func write(_ entry: ModelLibrary.RerankerEntry) throws {
    if json { return try JSONOutput.write(entry) }
    guard !quiet else { return }
    Terminal.standardOutput.write(
      "\(Terminal.oneLine(entry.name)) is ready (reranker); `store query --rerank` uses it unless "
        + "RERANK_API_URL is set\n")
  }

  func write(_ entry: ModelLibrary.Entry, in library: ModelLibrary) throws {
    if json { return try JSONOutput.write(entry) }
    guard !quiet else { return }
    let isChosen = library.chosen?.name == entry.name
    let next =
      isChosen
      ? "new collections use it unless a key is set"
      : "`store model use \(entry.name)` makes it the one of new collections"
    Terminal.standardOutput.write(
      "\(Terminal.oneLine(entry.name)) is ready (\(entry.space)); \(next)\n")
  }
}

/// What the subcommands of `store model` run with.
struct ModelSettings {
  let library: ModelLibrary
  let address: String
  /// As OpenSSL's own programs take it.
  let certificateFile: String?

  init() throws {
    let environment = ProcessInfo.processInfo.environment
    let settings = try Settings(
      environment: environment, folder: FileManager.default.currentDirectoryPath)
    library = settings.library
    address = settings.modelAddress
    certificateFile = environment["SSL_CERT_FILE"].flatMap { $0.isEmpty ? nil : $0 }
  }
}
