// The command of the benchmarks: one subcommand a question. Build it with -c release.

import ArgumentParser

@main
struct Benchmarks: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmarks",
    abstract: "Measures the store: how fast text goes in, and how fast and right answers come out.",
    subcommands: [TextBenchmark.self, ImportBenchmark.self, SearchBenchmark.self])
}
