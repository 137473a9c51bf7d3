// Questions in the mock embedding: Arabic words are embedded with their other forms.

import VectorStoreText

extension MockService {
  /// How many other forms of a word are embedded.
  private static let forms = 4

  /// Embeds questions, one vector of unit length each, in order; as texts, but for Arabic words, whose other forms
  /// are embedded beside them.
  ///
  /// - Throws: `CancellationError` only.
  /// - Complexity: as ``embed(_:)``.
  package func embed(questions: [String]) async throws -> EmbeddingBatch {
    try await embed(questions.map(Self.withForms))
  }

  /// A question with the other forms of each Arabic word behind it.
  static func withForms(_ question: String) -> String {
    // Arabic letters take two bytes, the first of them from 0xD8 to 0xD9.
    guard question.utf8.contains(where: { 0xD8...0xD9 ~= $0 }) else { return question }
    let words = question.split { !$0.isLetter }
    return ([question] + words.flatMap { ArabicForms.forms(of: $0).prefix(forms) })
      .joined(separator: " ")
  }
}
