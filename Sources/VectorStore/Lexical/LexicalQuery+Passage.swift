// Where a question's words stand in a passage: what to mark, and which part of it to show.

extension LexicalQuery {
  /// The places of the question's words in a passage, in order, neighbouring pairs merged.
  ///
  /// Words match in all their forms, so "running" marks "run"; stop words are not marked.
  ///
  /// - Complexity: O(n m) in the passage's and the question's words.
  package func matches(in passage: String) -> [Range<String.Index>] {
    places(in: passage).reduce(into: []) { merged, place in
      if let last = merged.last, place.range.lowerBound <= last.upperBound {
        merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, place.range.upperBound)
      } else {
        merged.append(place.range)
      }
    }
  }

  /// The numbers of the question's words in a passage, repeats included.
  func words(in passage: String) -> [Int] { places(in: passage).map(\.word) }

  /// The part of a passage to show: at most `limit` characters, cut between words, with the most of
  /// the question's words.
  ///
  /// The whole passage where it is short enough, its beginning where no word of the question is in
  /// it.
  ///
  /// - Complexity: O(n m) in the passage's and the question's words.
  package func bestExcerpt(of passage: String, limit: Int) -> Range<String.Index> {
    guard limit > 0 else { return passage.startIndex..<passage.startIndex }
    guard passage.index(passage.startIndex, offsetBy: limit, limitedBy: passage.endIndex) != nil
    else { return passage.startIndex..<passage.endIndex }
    let indices = Array(passage.indices) + [passage.endIndex]
    let length = indices.count - 1
    guard length > limit else { return passage.startIndex..<passage.endIndex }
    let window = Self.bestWindow(offsets(of: places(in: passage), indices: indices), limit: limit)
    // The words stand a third into the excerpt: what leads up to them explains them.
    let spare = limit - window.count
    let start = max(0, min(window.lowerBound - spare / 3, length - limit))
    let from = Self.wordStart(from: start, upTo: window.lowerBound, passage, indices)
    let to = Self.wordEnd(
      from: min(length, from + limit), downTo: window.upperBound, passage, indices)
    return indices[from]..<indices[max(from, to)]
  }

  /// A place of a passage, and which of the question's words it is.
  private struct Place {
    var range: Range<String.Index>
    var word: Int
  }

  private func places(in passage: String) -> [Place] {
    var places: [Place] = []
    let pairs = Dictionary(
      markedPairs.enumerated().map { ($1, marked.count + $0) },
      uniquingKeysWith: { first, _ in first })
    let utf8 = passage.utf8
    WordScanner.forEachWord(in: passage) { word in
      let start = utf8.index(utf8.startIndex, offsetBy: word.range.lowerBound)
      let end = utf8.index(start, offsetBy: word.range.count)
      if word.kind == .pair {
        if let number = pairs[word.text] {
          places.append(Place(range: start..<end, word: number))
          return
        }
        // A character alone is marked in each of its pairs.
        for (letter, index) in zip(passage[start..<end], passage[start..<end].indices) {
          guard let number = pairs[Folding.fold(String(letter))] else { continue }
          places.append(Place(range: index..<passage.index(after: index), word: number))
        }
        return
      }
      let form = WordForm(folded: word.text)
      let isWhole = word.kind == .whole
      guard let number = marked.firstIndex(where: { isWhole ? $0 == form : $0.matches(form) })
      else { return }
      places.append(Place(range: start..<end, word: number))
    }
    return places.sorted { $0.range.lowerBound < $1.range.lowerBound }
  }

  /// A place in characters from the passage's start.
  private struct Offset {
    var range: Range<Int>
    var word: Int
  }

  private func offsets(of places: [Place], indices: [String.Index]) -> [Offset] {
    var offset = 0
    return places.map { place in
      // Places come in order of their starts, and a word may begin within a character.
      while offset + 1 < indices.count, indices[offset + 1] <= place.range.lowerBound {
        offset += 1
      }
      var end = offset
      while end < indices.count - 1, indices[end] < place.range.upperBound { end += 1 }
      return Offset(range: offset..<end, word: place.word)
    }
  }

  /// The shortest stretch of at most `limit` characters with the most distinct words, then the most
  /// words; the first of equals.
  ///
  /// Empty at 0 where there are none.
  private static func bestWindow(_ places: [Offset], limit: Int) -> Range<Int> {
    var best = (distinct: 0, total: 0, range: 0..<0)
    var counts: [Int: Int] = [:]
    var end = 0
    for start in places.indices {
      let from = places[start].range.lowerBound
      while end < places.count, places[end].range.upperBound - from <= limit {
        counts[places[end].word, default: 0] += 1
        end += 1
      }
      guard end > start else {
        end = start + 1
        continue
      }
      if (counts.count, end - start) > (best.distinct, best.total) {
        best = (counts.count, end - start, from..<places[end - 1].range.upperBound)
      }
      let word = places[start].word
      counts[word] = counts[word].flatMap { $0 > 1 ? $0 - 1 : nil }
    }
    return best.range
  }

  /// The first place at or after `start` where a word begins, at the latest `limit`.
  private static func wordStart(
    from start: Int, upTo limit: Int, _ passage: String, _ indices: [String.Index]
  ) -> Int {
    guard start > 0 else { return 0 }
    let cut = (start...max(start, limit)).first { isBoundary($0, passage, indices) } ?? start
    // White space in front of the first word is not shown.
    return (cut...max(cut, limit)).first { $0 >= limit || !passage[indices[$0]].isWhitespace }
      ?? cut
  }

  /// The last place at or before `end` where a word ends, at the earliest `limit`, or `end` itself in
  /// the middle of one endless word.
  private static func wordEnd(
    from end: Int, downTo limit: Int, _ passage: String, _ indices: [String.Index]
  ) -> Int {
    let lowest = min(max(limit, 1), end)
    return (lowest...end).last { isBoundary($0, passage, indices) } ?? end
  }

  /// Whether a passage can be cut before its character of this number: not between two letters,
  /// save those of unspaced scripts.
  private static func isBoundary(_ at: Int, _ passage: String, _ indices: [String.Index]) -> Bool {
    guard at > 0, at < indices.count - 1 else { return true }
    guard let left = passage[indices[at - 1]].unicodeScalars.first,
      let right = passage[indices[at]].unicodeScalars.first
    else { return true }
    return !UnspacedScripts.isWord(left) || !UnspacedScripts.isWord(right)
      || UnspacedScripts.contains(left) || UnspacedScripts.contains(right)
  }
}
