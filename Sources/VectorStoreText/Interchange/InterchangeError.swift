// What can go wrong while documents and vectors are read from files or written to them. Thrown by
// the readers and writers of this folder; the store wraps it into its public error.

/// Why a file could not be read or written: a code to decide by, and the words to show.
///
/// The description names the file and the line, then says what was found, what was expected and
/// what to do next. It quotes names of fields and single characters, never a document's text.
package struct InterchangeError: Error, Sendable, Equatable {
  /// What kind of failure it is.
  package enum Code: String, Sendable, CaseIterable {
    /// There is no file, or it cannot be opened.
    case cannotOpen
    /// Reading stopped with an error of the system, or the file shrank while it was read.
    case cannotRead
    /// The file could not be created, written, or moved to its place.
    case cannotWrite

    /// The file does not start as a `.npy` file does.
    case notNPY
    /// The `.npy` header breaks its own format.
    case malformedHeader
    /// The `.npy` file is of a version that is not known.
    case unsupportedVersion
    /// The array's elements are no floating-point numbers of 2, 4 or 8 bytes.
    case unsupportedType
    /// The array is stored column by column.
    case unsupportedOrder
    /// The array is not of shape (rows, dimensions) or (dimensions,).
    case unsupportedShape
    /// The file has another size than its shape says.
    case wrongSize
    /// Rows were written, or asked for, beyond the number given, or fewer were written.
    case wrongCount

    /// The line is not JSON, or something follows its object.
    case notJSON
    /// The line is not UTF-8.
    case notUTF8
    /// The line is longer than the reader was told to take.
    case lineTooLong
    /// Values are nested more deeply than the reader takes.
    case tooDeep
    /// A field occurs twice in one object.
    case duplicateField
    /// A field is not known.
    case unknownField
    /// A field's value is of a wrong kind.
    case wrongKind
    /// A number is too large for its type, or must not be negative or zero.
    case outOfRange
    /// A document has neither a text nor a vector.
    case missingContent
    /// NaN or infinity, which JSON cannot say.
    case notFinite
  }

  /// What kind of failure it is.
  package let code: Code
  /// The file's path, or `standard input`.
  package let file: String
  /// The line it is about, counted from 1, blank lines included.
  package let line: Int?
  /// The field it is about.
  package let field: String?
  /// What was found.
  package let found: String
  /// What was expected instead.
  package let expected: String
  /// What to do next.
  package let advice: String

  init(
    _ code: Code, file: String, line: Int? = nil, field: String? = nil, found: String,
    expected: String, advice: String
  ) {
    self.code = code
    self.file = file
    self.line = line
    self.field = field
    self.found = found
    self.expected = expected
    self.advice = advice
  }
}

extension InterchangeError: CustomStringConvertible {
  package var description: String {
    var place = file
    if let line { place += ", line \(line)" }
    if let field { place += ", field \"\(field)\"" }
    return "\(place): found \(found), expected \(expected); \(advice)"
  }
}
