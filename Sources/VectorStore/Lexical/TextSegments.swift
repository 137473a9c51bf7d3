// Cuts a text into words and runs of unspaced scripts, as the index's tokenizer will. Called by
// LexicalQuery for questions and passages; calls UnspacedScripts.

/// The words of a text, in order, with their places.
struct TextSegments {
  /// What a segment is made of.
  enum Kind {
    /// A word, set off by what is not a letter, a digit or a mark.
    case word
    /// A run of a script that is indexed in pairs.
    case run
  }

  /// One word or run.
  struct Segment {
    var kind: Kind
    var range: Range<String.Index>
  }

  /// The segments of a text.
  ///
  /// - Complexity: O(n) in the text's characters.
  static func of(_ text: Substring) -> [Segment] {
    var segments: [Segment] = []
    var open: (kind: Kind, start: String.Index)?
    let scalars = text.unicodeScalars
    var index = scalars.startIndex
    while index < scalars.endIndex {
      let scalar = scalars[index]
      let kind: Kind? =
        UnspacedScripts.contains(scalar) ? .run : UnspacedScripts.isWord(scalar) ? .word : nil
      if kind != open?.kind, !(open != nil && UnspacedScripts.isVariationSelector(scalar)) {
        if let open { segments.append(Segment(kind: open.kind, range: open.start..<index)) }
        open = kind.map { ($0, index) }
      }
      index = scalars.index(after: index)
    }
    if let open { segments.append(Segment(kind: open.kind, range: open.start..<index)) }
    return segments
  }

  /// The overlapping pairs of a run, in order; the whole run where it is one character alone.
  ///
  /// - Complexity: O(n) in the run's characters.
  static func pairs(of run: Substring) -> [Substring] {
    let edges = edges(of: run)
    guard edges.count > 2 else { return [run] }
    return (2..<edges.count).map { run[edges[$0 - 2]..<edges[$0]] }
  }

  /// The characters of a run, in order, each with its marks.
  static func singles(of run: Substring) -> [Substring] {
    let edges = edges(of: run)
    return (1..<edges.count).map { run[edges[$0 - 1]..<edges[$0]] }
  }

  /// Whether a run is one character, with its marks.
  static func isSingle(_ run: some StringProtocol) -> Bool {
    edges(of: Substring(run)).count == 2
  }

  /// Where the characters of a run begin, marks staying with their letters, and the run's end.
  private static func edges(of run: Substring) -> [String.Index] {
    let scalars = run.unicodeScalars
    var edges = [scalars.startIndex]
    var index = scalars.startIndex
    while index < scalars.endIndex {
      if index > scalars.startIndex, !UnspacedScripts.isMark(scalars[index]),
        !UnspacedScripts.isVariationSelector(scalars[index])
      {
        edges.append(index)
      }
      index = scalars.index(after: index)
    }
    edges.append(index)
    return edges
  }
}
