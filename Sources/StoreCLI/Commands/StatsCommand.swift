// `store stats`: how good the vectors are. Calls Store.statistics; prints through Output/StatsOutput.

import ArgumentParser
import VectorStore

struct StatsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Measure how good the vectors are, and say so in plain words.",
    discussion: """
      Moments and spectrum are over all rows; what needs neighbours is exact up to 5,000 rows, beyond \
      that a sample of rows is compared with all, and figures say how far off they may be. It costs \
      nothing and sends nothing.
      """)

  @Option(
    name: [.customShort("c"), .customLong("collection")],
    help: ArgumentHelp("Only this collection (default: all together).", valueName: "name"))
  var collection: String?

  @Option(
    help: ArgumentHelp(
      "Only this space, as provider/model/dimensions (default: all that have vectors).",
      valueName: "space"))
  var space: SpaceArgument?

  @Option(
    help: ArgumentHelp("Cosine that makes two rows near-duplicates.", valueName: "cosine"))
  var duplicateThreshold = StatisticsOptions().duplicateThreshold

  @Option(help: ArgumentHelp("Keep a summary to compare with later.", valueName: "name"))
  var save: String?

  @Option(help: ArgumentHelp("Tell what moved since a summary was saved.", valueName: "name"))
  var compare: String?

  @OptionGroup var store: StoreOptions

  func validate() throws {
    guard duplicateThreshold > 0, duplicateThreshold <= 1 else {
      throw ValidationError("--duplicate-threshold takes a cosine above 0, at most 1.")
    }
  }

  func run() async throws {
    let settings = try Settings(store, access: save == nil ? .readOnly : .readWrite)
    try settings.requireStore()
    let report = try await measure(settings)
    if store.json { return try JSONOutput.print(report) }
    let output = Terminal.standardOutput
    output.write(StatsOutput(terminal: output).text(report))
    if let save, !store.quiet {
      Terminal.standardError.write("saved as \"\(Format.printable(save))\"\n")
    }
  }

  private func measure(_ settings: Settings) async throws -> StatisticsReport {
    var options = StatisticsOptions()
    options.duplicateThreshold = duplicateThreshold
    options.save = save
    options.compare = compare
    // Only a picture shows them.
    options.mapRows = 0
    let (collection, space, chosen) = (collection, space?.space, options)
    return try await settings.withStore {
      try await $0.statistics(of: collection, space: space, options: chosen)
    }
  }
}
