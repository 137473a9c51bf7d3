// The root of the command line: its subcommands and what they share.

import ArgumentParser

/// `store`: semantic search over notes, documentation and code in one file.
struct StoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store",
    abstract: "Semantic search over your texts, in one SQLite file.",
    discussion: """
      store add docs README.md
      store query "how do I change the port?"

      With a key in OPENAI_API_KEY, a local embedding server, or a model that runs here \
      (`store model pull all-MiniLM-L6-v2`), it finds passages by meaning. Without one it works \
      offline and matches words. `store health` shows the service, the budget and all settings.

      Exit status: 0 done, 1 failed, 3 done in part, 4 stopped by the budget, 64 usage, 130 \
      interrupted.
      """,
    version: "0.1.0",
    subcommands: [
      AddCommand.self, UpdateCommand.self, QueryCommand.self, GetCommand.self, ListCommand.self,
      TagCommand.self,
      RemoveCommand.self,
      RootsCommand.self,
      CollectionsCommand.self, ImportCommand.self, ExportCommand.self, CopyCommand.self,
      ReembedCommand.self,
      BatchesCommand.self,
      StatsCommand.self, DoctorCommand.self,
      UsageCommand.self, HealthCommand.self, ModelCommand.self, CompactCommand.self,
      InitCommand.self, MCPCommand.self, ServeCommand.self, CompletionsCommand.self,
    ])
}

/// Exit statuses of the command beyond ArgumentParser's own.
enum ExitStatus {
  /// Something is pending or failed; the rest was done.
  static let partial = ExitCode(3)
  /// Stopped by the budget or by --max-cost; what was embedded before is kept.
  static let budget = ExitCode(4)
  /// Stopped by Ctrl-C; what was committed before is safe.
  static let interrupted = ExitCode(130)
}
