// What was probably meant by a command line that cannot be read: another verb, another option, or a text
// that begins with a dash.

import ArgumentParser

enum UsageHint {
  /// What people call a verb elsewhere.
  private static let otherNames: [(verb: String, names: String)] = [
    ("query", "search find ask grep question lookup rg"),
    ("list", "ls dir documents docs files"),
    ("remove", "rm delete del unlink forget drop"),
    ("get", "show cat print view open read"),
    ("add", "index ingest insert put upload embed push"),
    ("update", "sync refresh reindex rescan"),
    ("tag", "meta metadata label set"),
    ("roots", "folders sources"),
    ("stats", "statistics quality metrics"),
    ("health", "config settings env ping"),
    ("usage", "cost costs budget bill spent"),
    ("doctor", "check fsck verify repair"),
    ("compact", "vacuum optimize optimise shrink gc"),
    ("collections", "collection spaces"),
    ("export", "dump backup save"), ("import", "load restore"),
    ("init", "create new"),
  ]

  /// The hint for the arguments of a command; nil if nothing in them is known to be wrong.
  static func hint(_ arguments: [String]) -> String? {
    let verbs = StoreCommand.configuration.subcommands
    guard let first = arguments.first(where: { !$0.hasPrefix("-") }) else { return nil }
    guard let verb = verbs.first(where: { $0._commandName == first }) else {
      return first == "help" || arguments.first != first
        ? nil : wrongVerb(first, among: verbs.map { $0._commandName }, arguments)
    }
    guard let place = arguments.firstIndex(of: first) else { return nil }
    return wrongOption(arguments[(place + 1)...], of: verb)
  }

  private static func wrongVerb(
    _ word: String, among verbs: [String], _ arguments: [String]
  ) -> String {
    let lower = word.lowercased()
    let meant =
      otherNames.first {
        verbs.contains($0.verb) && $0.names.split(separator: " ").contains { $0 == lower }
      }?
      .verb ?? nearest(to: lower, among: verbs)
    if let meant { return "there is no verb \"\(word)\"; did you mean store \(meant)?" }
    // Somebody asks without a verb.
    let question = arguments.joined(separator: " ")
    return "there is no verb \"\(word)\"; to search, write: store query \"\(question)\""
  }

  private static func wrongOption(
    _ arguments: ArraySlice<String>, of verb: any ParsableCommand.Type
  ) -> String? {
    let help = verb.helpMessage(columns: 10_000)
    let options = Set(
      help.matches(of: /(?:^|[\s\[,(])(--?[a-z][a-z-]*)/).map { String($0.output.1) })
    let letters = Set(options.filter { $0.count == 2 }.compactMap(\.last))
    let takeValues = Set(
      help.matches(of: /(?:(-[a-z]), )?(--[a-z][a-z-]*) </).flatMap {
        [$0.output.1, $0.output.2].compactMap { $0.map(String.init) }
      })
    var isValue = false
    for argument in arguments {
      if argument == "--" { return nil }
      if isValue {
        isValue = false
        continue
      }
      isValue = takeValues.contains(argument)
      guard argument.hasPrefix("-"), argument.count > 1 else { continue }
      let name = argument.split(separator: "=", maxSplits: 1).first.map(String.init) ?? argument
      guard !options.contains(name) else { continue }
      // Letters may stand together, the last one with its value.
      if !name.hasPrefix("--"), let letter = name.dropFirst().first, letters.contains(letter) {
        continue
      }
      let near = name.hasPrefix("--") ? nearest(to: name, among: options.sorted()) : nil
      let meant = near.map { " (did you mean \($0)?)" } ?? ""
      return
        "\"\(argument)\" is not an option of store \(verb._commandName)\(meant); a text that begins with "
        + "a dash stands after --: store \(verb._commandName) -- "
        + "\"\(argument)\""
    }
    return nil
  }

  /// The word that differs in at most two letters, one if it is short; nil if none does.
  static func nearest(to word: String, among words: [String]) -> String? {
    let allowed = word.count <= 4 ? 1 : 2
    let ranked = words.map { (word: $0, distance: distance(word, $0)) }
      .min { $0.distance < $1.distance }
    return ranked.flatMap { $0.distance <= allowed ? $0.word : nil }
  }

  /// Letters to insert, remove, replace or swap with their neighbour (optimal string alignment).
  ///
  /// - Complexity: O(product of the lengths).
  static func distance(_ one: String, _ other: String) -> Int {
    let (one, other) = (Array(one), Array(other))
    var before: [Int] = []
    var last = Array(0...other.count)
    for (row, letter) in one.enumerated() {
      var next = [row + 1]
      for (column, candidate) in other.enumerated() {
        var best = min(
          last[column] + (letter == candidate ? 0 : 1), last[column + 1] + 1, next[column] + 1)
        if row > 0, column > 0, letter == other[column - 1], candidate == one[row - 1] {
          best = min(best, before[column - 1] + 1)
        }
        next.append(best)
      }
      (before, last) = (last, next)
    }
    return last[other.count]
  }
}
