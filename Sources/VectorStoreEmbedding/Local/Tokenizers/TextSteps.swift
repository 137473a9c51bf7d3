// What happens to a text before Unigram cuts it: normalisers and pre-tokenisers of `tokenizer.json`.

import Foundation
import VectorStoreText

/// One normaliser.
enum NormalizerStep: Sendable {
  case characters(CharacterMap)
  case replace(String, with: String)
  /// Two blanks and more become a text.
  case replaceBlanks(with: String)
  case strip(left: Bool, right: Bool)
  case nfc, nfd, nfkc, nfkd
  case lowercase
  case stripAccents
  case prepend(String)

  /// Reads a normaliser as a list of steps.
  ///
  /// - Throws: ``LocalModelError`` for one that this program does not have.
  static func steps(
    _ value: MetadataValue?, from place: String
  ) throws(LocalModelError) -> [NormalizerStep] {
    guard let value, case .object = value else { return [] }
    let type = value["type"]?.string ?? ""
    switch type {
    case "Sequence":
      var steps: [NormalizerStep] = []
      for part in value["normalizers"]?.array ?? [] {
        steps += try Self.steps(part, from: place)
      }
      return steps
    case "Precompiled":
      guard let map = value["precompiled_charsmap"]?.string, !map.isEmpty else { return [] }
      return [.characters(try CharacterMap(base64: map, from: place))]
    case "Replace":
      let content = value["content"]?.string ?? ""
      if let text = value["pattern"]?["String"]?.string, !text.isEmpty {
        return [.replace(text, with: content)]
      }
      if value["pattern"]?["Regex"]?.string == " {2,}" { return [.replaceBlanks(with: content)] }
    case "Strip":
      return [
        .strip(left: value["strip_left"]?.bool ?? true, right: value["strip_right"]?.bool ?? true)
      ]
    case "NFC": return [.nfc]
    case "NFD": return [.nfd]
    case "NFKC": return [.nfkc]
    case "NFKD": return [.nfkd]
    case "Lowercase": return [.lowercase]
    case "StripAccents": return [.stripAccents]
    case "Prepend": return [.prepend(value["prepend"]?.string ?? "")]
    default: break
    }
    throw LocalModelError(
      .unsupported, "\(place) asks for the normalizer \(type.prefix(40)), which this program lacks")
  }

  /// The text after this step.
  func apply(to text: String) -> String {
    switch self {
    case .characters(let map): return map.apply(to: text)
    case .replace(let part, let other): return text.replacingBytes(of: part, with: other)
    case .replaceBlanks(let other):
      var result = ""
      var blanks = 0
      func end() {
        if blanks == 1 { result += " " } else if blanks > 1 { result += other }
        blanks = 0
      }
      for scalar in text.unicodeScalars {
        if scalar == " " {
          blanks += 1
        } else {
          end()
          result.unicodeScalars.append(scalar)
        }
      }
      end()
      return result
    case .strip(let left, let right):
      var scalars = text.unicodeScalars[...]
      if left { scalars = scalars.drop { $0.properties.isWhitespace } }
      if right {
        while scalars.last?.properties.isWhitespace == true { scalars.removeLast() }
      }
      return String(String.UnicodeScalarView(scalars))
    case .nfc: return text.precomposedStringWithCanonicalMapping
    case .nfd: return text.decomposedStringWithCanonicalMapping
    case .nfkc: return text.precomposedStringWithCompatibilityMapping
    case .nfkd: return text.decomposedStringWithCompatibilityMapping
    case .lowercase:
      return text.unicodeScalars.reduce(into: "") { $0 += $1.properties.lowercaseMapping }
    case .stripAccents:
      return String(
        String.UnicodeScalarView(
          text.unicodeScalars.filter { $0.properties.generalCategory != .nonspacingMark }))
    case .prepend(let start): return text.isEmpty ? text : start + text
    }
  }
}

/// One pre-tokeniser.
enum SplitStep: Sendable {
  /// Words between white space.
  case whitespace
  /// A mark for each blank, before each word.
  case metaspace(mark: String, prepend: Prepend, splits: Bool)

  /// Where Metaspace puts a mark that the text lacks.
  enum Prepend: String, Sendable {
    case always, first, never
  }

  /// Reads a pre-tokeniser as a list of steps.
  ///
  /// - Throws: ``LocalModelError`` for one that this program does not have.
  static func steps(
    _ value: MetadataValue?, from place: String
  ) throws(LocalModelError) -> [SplitStep] {
    guard let value, case .object = value else { return [] }
    let type = value["type"]?.string ?? ""
    switch type {
    case "Sequence":
      var steps: [SplitStep] = []
      for part in value["pretokenizers"]?.array ?? [] {
        steps += try Self.steps(part, from: place)
      }
      return steps
    case "WhitespaceSplit": return [.whitespace]
    case "Metaspace":
      let adds = value["add_prefix_space"]?.bool ?? true
      let prepend =
        value["prepend_scheme"]?.string.flatMap(Prepend.init) ?? (adds ? .always : .never)
      return [
        .metaspace(
          mark: value["replacement"]?.string ?? "\u{2581}", prepend: prepend,
          splits: value["split"]?.bool ?? true)
      ]
    default:
      throw LocalModelError(
        .unsupported,
        "\(place) asks for the pre-tokenizer \(type.prefix(40)), which this program lacks")
    }
  }

  /// The words of a text.
  ///
  /// - Parameter isFirst: whether the text is at the beginning of the whole.
  func apply(to text: String, isFirst: Bool) -> [String] {
    switch self {
    case .whitespace:
      return text.unicodeScalars.split { $0.properties.isWhitespace }.map { String($0) }
    case .metaspace(let mark, let prepend, let splits):
      var marked = text.replacingBytes(of: " ", with: mark)
      let begins = marked.utf8.starts(with: mark.utf8)
      if !marked.isEmpty, !begins, prepend == .always || prepend == .first && isFirst {
        marked = mark + marked
      }
      guard splits, let first = mark.unicodeScalars.first else { return [marked] }
      var words: [String] = []
      var word = String.UnicodeScalarView()
      for scalar in marked.unicodeScalars {
        if scalar == first, !word.isEmpty {
          words.append(String(word))
          word = String.UnicodeScalarView()
        }
        word.append(scalar)
      }
      if !word.isEmpty { words.append(String(word)) }
      return words
    }
  }
}

extension String {
  /// Replaces a text by another, by bytes: Unicode's characters would hide a blank under an accent.
  fileprivate func replacingBytes(of part: String, with other: String) -> String {
    let (part, other) = (Array(part.utf8), Array(other.utf8))
    let bytes = Array(utf8)
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == part[0], bytes[index...].starts(with: part) {
        result += other
        index += part.count
      } else {
        result.append(bytes[index])
        index += 1
      }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
