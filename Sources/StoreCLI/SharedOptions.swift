// The options that several subcommands take.

import ArgumentParser
import Foundation
import VectorStore

/// Which store.
struct StorePathOptions: ParsableArguments {
  @Option(
    name: .customLong("store"),
    help: ArgumentHelp(
      "The store: a file, or an address of PostgreSQL (default: $STORE_PATH, else store.db here or in a folder above).",
      valueName: "path"),
    completion: .file())
  var storePath: String?
}

/// Which store, and how the command talks.
struct StoreOptions: ParsableArguments {
  @OptionGroup var place: StorePathOptions

  @Flag(name: .long, help: "Print JSON to standard output.")
  var json = false

  @Flag(name: [.short, .long], help: "Print no summary, progress or warnings.")
  var quiet = false

  @Flag(name: [.short, .long], help: "Log what is done to standard error.")
  var verbose = false

  init() {}

  /// The options of a command that has no flags for JSON.
  init(_ place: StorePathOptions, quiet: Bool = false, verbose: Bool = false) {
    (self.place, json, self.quiet, self.verbose) = (place, false, quiet, verbose)
  }
}

/// How a command talks that needs no store.
struct OutputOptions: ParsableArguments {
  @Flag(name: .long, help: "Print JSON to standard output.")
  var json = false

  @Flag(name: [.short, .long], help: "Log what is done to standard error.")
  var verbose = false
}

/// What a command may spend.
struct SpendingArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp("Stop before this run costs more, in US dollars.", valueName: "usd"))
  var maxCost: DollarsArgument?

  @Flag(help: "If the budget is used up or the service fails, wait until it can go on.")
  var wait = false

  @Flag(
    name: .customLong("batch-api"),
    help: "Embed at half price: answers come within 24 hours, `store batches` fetches them.")
  var batchAPI = false

  /// The options of the library; it says on standard error what it waits for.
  func options(quiet: Bool) -> SpendingOptions {
    var options = SpendingOptions()
    if let maxCost { options.maximumCost = .atMost(maxCost.amount) }
    options.waits = wait
    options.usesBatches = batchAPI
    if !quiet {
      options.onWait = { reason in
        Terminal.standardError.write("waiting: \(Terminal.oneLine("\(reason)"))\n")
      }
    }
    return options
  }
}

/// An amount of US dollars, as `0.50`.
struct DollarsArgument: ExpressibleByArgument {
  let amount: NanoDollars

  init?(argument: String) {
    guard let amount = try? NanoDollars(usd: argument) else { return nil }
    self.amount = amount
  }
}

/// Whether documents go with their files.
struct PruneOptions: ParsableArguments {
  @Flag(help: "Remove documents whose files are gone, or not taken any more.")
  var prune = false

  @Flag(help: "Let --prune remove more than half of a folder's documents, or all of a missing one.")
  var yes = false

  func validate() throws {
    guard prune || !yes else { throw ValidationError("--yes goes with --prune.") }
  }
}

/// Which collection.
struct CollectionOptions: ParsableArguments {
  @Option(
    name: [.customShort("c", allowingJoined: true), .customLong("collection")],
    help: ArgumentHelp("The collection.", valueName: "name"),
    completion: Completions.collections)
  var name = "default"
}

/// Which documents.
struct FilterOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Only documents that pass, as \"lang = 'de' and year >= 2020\": metadata, source, added, modified, date, title, kind.",
      valueName: "expr"),
    completion: Completions.fields)
  var filter: String?

  @Option(
    help: ArgumentHelp(
      "Only documents dated since then, as 7d, 12h, 2w, 1y or 2026-01-31.", valueName: "time"))
  var since: MomentArgument?

  @Option(help: ArgumentHelp("Only documents dated before then.", valueName: "time"))
  var before: MomentArgument?

  func validate() throws { _ = try parsed() }

  /// Whether anything is asked of documents.
  var isGiven: Bool { filter != nil || since != nil || before != nil }

  /// The filter, read before the store is opened.
  func parsed() throws -> Filter? {
    var parts: [Filter] = []
    do {
      if let filter { parts.append(try Filter(parsing: filter)) }
    } catch {
      throw ValidationError("--filter: \(error)")
    }
    if let since { parts.append(.compare(.date, .atLeast, .string(since.text))) }
    if let before { parts.append(.compare(.date, .less, .string(before.text))) }
    return parts.dropFirst().reduce(parts.first) { all, part in all.map { .and($0, part) } }
  }
}

/// A point in time: so long ago, or a date or time as filters have them.
struct MomentArgument: ExpressibleByArgument {
  /// As a filter has it.
  let text: String

  init?(argument: String) {
    self.init(argument, now: Date())
  }

  init?(_ argument: String, now: Date) {
    guard let match = argument.wholeMatch(of: /([0-9]{1,5})(h|d|w|m|mo|y)/),
      let count = Int(match.1)
    else {
      text = argument
      let filter = Filter.compare(.date, .atLeast, .string(argument))
      guard (try? Filter(parsing: filter.description)) != nil else { return nil }
      return
    }
    let units: [Substring: (Calendar.Component, Int)] = [
      "h": (.hour, 1), "d": (.day, 1), "w": (.day, 7), "m": (.month, 1), "mo": (.month, 1),
      "y": (.year, 1),
    ]
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    guard let (unit, size) = units[match.2],
      let date = calendar.date(byAdding: unit, value: -count * size, to: now)
    else { return nil }
    text = date.formatted(.iso8601)
  }
}

/// Where vectors come from.
struct ModeOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "real, mock or hybrid (default: $SERVICE_MODE, else hybrid).", valueName: "mode"))
  var mode: ModeArgument?
}

/// A mode as it is typed, in small letters or capitals.
struct ModeArgument: ExpressibleByArgument {
  let mode: ServiceMode

  init?(argument: String) {
    guard let mode = ServiceMode(rawValue: argument.uppercased()) else { return nil }
    self.mode = mode
  }
}

/// A space, as it is written.
struct SpaceArgument: ExpressibleByArgument {
  let space: EmbeddingSpace

  init?(argument: String) {
    guard let space = EmbeddingSpace(argument) else { return nil }
    self.space = space
  }
}

/// A space to embed in, or a model on this machine, with `local/` before its name or without.
struct ModelArgument: ExpressibleByArgument {
  private let text: String

  init?(argument: String) {
    guard !argument.isEmpty else { return nil }
    text = argument
  }

  /// The space.
  ///
  /// - Throws: ``LocalModelError`` if it is no space, and no model on this machine either.
  func space(in library: ModelLibrary) throws -> EmbeddingSpace {
    if let space = EmbeddingSpace(text) { return space }
    let mark = "local/"
    return try library.entry(text.hasPrefix(mark) ? String(text.dropFirst(mark.count)) : text).space
  }
}

/// What is known about documents, as it is typed.
struct MetadataOptions: ParsableArguments {
  @Option(
    name: .customLong("metadata"), parsing: .unconditionalSingleValue,
    help: ArgumentHelp(
      "Metadata of every document; key:=json for other JSON, key= removes. Repeatable.",
      valueName: "key=value"),
    transform: MetadataChange.init(argument:))
  var changes: [MetadataChange] = []

  /// What is set; of a key that comes twice the last value.
  var values: [String: MetadataValue] {
    last.compactMapValues(\.self)
  }

  /// The keys that are removed.
  var removed: Set<String> {
    Set(last.filter { $0.value == nil }.keys)
  }

  private var last: [String: MetadataValue?] {
    Dictionary(changes.map { ($0.key, $0.value) }) { _, last in last }
  }
}

/// One key of metadata with its value; nil removes it.
struct MetadataChange {
  let key: String
  let value: MetadataValue?

  /// Reads `key=value`, `key:=json` or `key=`.
  init(argument: String) throws {
    guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else {
      throw ValidationError(
        "found \"\(argument)\", expected key=value, key:=json, or key= to remove the key")
    }
    let text = String(argument[argument.index(after: equals)...])
    let name = argument[..<equals]
    guard name.count > 1, name.hasSuffix(":") else {
      key = String(name)
      // Not `nil`, which is a value of metadata too.
      value = text.isEmpty ? Optional.none : MetadataValue(typed: text)
      return
    }
    key = String(name.dropLast())
    guard let value = try? JSONDecoder().decode(MetadataValue.self, from: Data(text.utf8)) else {
      throw ValidationError(
        "\(key):= takes JSON, and found \(text); a text stands in double quotes, or write \(key)=\(text)"
      )
    }
    self.value = value
  }
}
