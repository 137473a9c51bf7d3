// The way from a filter's text to a filter, or to the error that shows the place. Called by users and
// by `store query --filter`; calls FilterParser.

extension Filter {
  /// Reads a filter as `store query --filter` takes it: conditions `field = value` with
  /// `= != < <= > >=`, `field in (value, …)`, `field like 'form'` and `exists field`, put together by
  /// `and`, `or`, `not` and parentheses.
  ///
  /// Texts stand in single quotes, two for one inside; then there are numbers, `true`, `false` and
  /// `null`. Keys that are no plain words stand in double quotes, keys of nested objects have dots
  /// between them. Keywords may be written in capitals.
  ///
  /// - Throws: ``StoreError/Code/invalidFilter``, with the text and a caret under the place.
  /// - Complexity: O(length of the text), of which there may be 256 KB.
  public init(parsing text: String) throws(StoreError) {
    guard text.utf8.count <= FilterRules.maximumBytes else {
      throw StoreError(
        .invalidFilter,
        "the filter has \(text.utf8.count) bytes, at most \(FilterRules.maximumBytes) are expected; ask for "
          + "fewer values at once")
    }
    let lexer = FilterLexer(text)
    do {
      var parser = try FilterParser(lexer)
      self = try parser.filter()
    } catch {
      throw error.error(in: lexer.scalars)
    }
    try check()
  }
}
