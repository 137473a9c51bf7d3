// What a ranking by words asks of a word index.

/// In which chunks words stand, and how long the chunks are.
protocol WordPostings {
  /// How many chunks are indexed.
  var rows: Int { get }
  /// The mean number of words of a chunk's text.
  var meanLength: Double { get }
  /// The term of a folded word: its stem.
  func term(of word: String) throws -> String
  /// How many words the text of a chunk has; nil if it is not indexed.
  func length(of row: Int64) throws -> Int?
  /// The chunks in which a term stands, or any term that begins so, and its places in them.
  ///
  /// - Parameter hasPlaces: whether the places are kept, which phrases need.
  func postings(of term: String, isPrefix: Bool, hasPlaces: Bool) throws -> Postings
}
