// Reads a tokenizer out of a model's folder: `tokenizer.json`, else `vocab.txt`.

import Foundation
import VectorStoreText

/// The parts of `tokenizer.json`, the vocabulary apart, since it is large and its texts differ by bytes.
struct TokenizerFile {
  private enum Vocabulary {
    case pieces([(piece: String, number: Int32)])
    case scores([(piece: String, score: Double)])
  }

  /// No known tokenizer is larger.
  private static let mostBytes = 256 << 20

  private let path: String
  private var values: [String: MetadataValue] = [:]
  private var model: [String: MetadataValue] = [:]
  private var vocabulary: Vocabulary?

  /// The tokenizer of a model's folder.
  ///
  /// - Throws: ``LocalModelError`` if it is missing, damaged or of a kind that this program does not have.
  /// - Complexity: O(bytes): 10 ms for BERT's 30,000 pieces, 200 ms for XLM-R's 250,000.
  static func tokenizer(of folder: ModelFolder) throws(LocalModelError) -> ModelTokenizer {
    if let data = try folder.read("tokenizer.json", limit: mostBytes) {
      return try TokenizerFile(data, path: folder.path("tokenizer.json")).tokenizer()
    }
    guard let data = try folder.read("vocab.txt", limit: mostBytes) else {
      throw LocalModelError(
        .missing,
        "\(folder.path) has neither tokenizer.json nor vocab.txt; get all files of the model")
    }
    let settings = try folder.object("tokenizer_config.json") ?? [:]
    return try vocabularyOnly(data, settings: settings, path: folder.path("vocab.txt"))
  }

  private init(_ data: Data, path: String) throws(LocalModelError) {
    self.path = path
    do {
      try data.withUnsafeBytes { bytes in
        guard var cursor = JSONCursor(bytes.bindMemory(to: UInt8.self)) else { return }
        try cursor.openContainer("{", expected: "an object", depth: 0)
        var isFirst = true
        while try cursor.hasNextMember(isFirst: isFirst) {
          isFirst = false
          let name = try cursor.memberName()
          if name == "model" {
            try readModel(&cursor)
          } else {
            values[name] = try cursor.value()
          }
        }
        try cursor.finish()
      }
    } catch let fault as JSONFault {
      throw LocalModelError(
        .damaged,
        "\(path) cannot be read: at byte \(fault.offset) is \(fault.found), not \(fault.expected)")
    } catch {
      throw LocalModelError(.damaged, "\(path) cannot be read: \(error)")
    }
  }

  private mutating func readModel(_ cursor: inout JSONCursor) throws(JSONFault) {
    try cursor.openContainer("{", expected: "an object", depth: 1)
    var isFirst = true
    while try cursor.hasNextMember(isFirst: isFirst) {
      isFirst = false
      let name = try cursor.memberName()
      if name == "vocab", cursor.next == UInt8(ascii: "{") {
        vocabulary = .pieces(try Self.pieces(&cursor))
      } else if name == "vocab" {
        vocabulary = .scores(try Self.scores(&cursor))
      } else {
        model[name] = try cursor.value()
      }
    }
  }

  private static func pieces(
    _ cursor: inout JSONCursor
  ) throws(JSONFault) -> [(piece: String, number: Int32)] {
    try cursor.openContainer("{", expected: "an object", depth: 2)
    var pieces: [(piece: String, number: Int32)] = []
    while try cursor.hasNextMember(isFirst: pieces.isEmpty) {
      let piece = try cursor.memberName()
      pieces.append((piece, Int32(clamping: Int64(try cursor.double()))))
    }
    return pieces
  }

  private static func scores(
    _ cursor: inout JSONCursor
  ) throws(JSONFault) -> [(piece: String, score: Double)] {
    try cursor.openContainer("[", expected: "a list", depth: 2)
    var pieces: [(piece: String, score: Double)] = []
    while try cursor.hasNextElement(isFirst: pieces.isEmpty) {
      try cursor.openContainer("[", expected: "a piece and its score", depth: 3)
      _ = try cursor.hasNextElement(isFirst: true)
      let piece = try cursor.string()
      _ = try cursor.hasNextElement(isFirst: false)
      pieces.append((piece, try cursor.double()))
      _ = try cursor.hasNextElement(isFirst: false)
    }
    return pieces
  }

  private func tokenizer() throws(LocalModelError) -> ModelTokenizer {
    let added = AddedTokens(values["added_tokens"]?.array ?? [])
    let pipeline: ModelTokenizer.Pipeline
    let numbers: [Int32]
    switch (model["type"]?.string ?? (model["unk_id"] == nil ? "WordPiece" : "Unigram"), vocabulary)
    {
    case ("WordPiece", .pieces(let pieces)):
      pipeline = .bert(try bertRules(), try wordPiece(pieces))
      numbers = pieces.map(\.number)
    case ("Unigram", .scores(let pieces)):
      guard let unknown = model["unk_id"]?.integer, pieces.indices.contains(unknown) else {
        throw unsupported("a vocabulary without an unknown token")
      }
      guard model["byte_fallback"]?.bool != true else { throw unsupported("byte_fallback") }
      pipeline = .unigram(
        try NormalizerStep.steps(values["normalizer"], from: path),
        try SplitStep.steps(values["pre_tokenizer"], from: path),
        Unigram(vocabulary: pieces, unknown: unknown))
      numbers = pieces.indices.map { Int32($0) }
    case (let type, _):
      throw unsupported("the model \(type.prefix(40)); WordPiece and Unigram are read")
    }
    let (before, after) = try around(added)
    return ModelTokenizer(
      pipeline: pipeline, added: added, before: before, after: after, vocabulary: numbers)
  }

  private func unsupported(_ what: String) -> LocalModelError {
    LocalModelError(.unsupported, "\(path) asks for \(what)")
  }

  private func bertRules() throws(LocalModelError) -> BertRules {
    var normalizer = values["normalizer"]
    if normalizer?["type"]?.string == "Sequence", let parts = normalizer?["normalizers"]?.array,
      parts.count == 1
    {
      normalizer = parts[0]
    }
    guard let normalizer, normalizer["type"]?.string == "BertNormalizer" else {
      throw unsupported("WordPiece without BertNormalizer, which this program lacks")
    }
    guard values["pre_tokenizer"]?["type"]?.string == "BertPreTokenizer" else {
      throw unsupported("WordPiece without BertPreTokenizer, which this program lacks")
    }
    return BertRules(normalizer)
  }

  private func wordPiece(
    _ pieces: [(piece: String, number: Int32)]
  ) throws(LocalModelError) -> WordPiece {
    try WordPiece(
      vocabulary: pieces, prefix: model["continuing_subword_prefix"]?.string ?? "##",
      unknown: model["unk_token"]?.string ?? "[UNK]",
      mostScalars: model["max_input_chars_per_word"]?.integer ?? 100, from: path)
  }

  /// The tokens before and after a text, out of the post-processor.
  private func around(
    _ added: AddedTokens
  ) throws(LocalModelError) -> (before: [Int32], after: [Int32]) {
    guard let processor = values["post_processor"], case .object = processor else {
      return ([], [])
    }
    switch processor["type"]?.string {
    case "TemplateProcessing":
      var parts: (before: [Int32], after: [Int32]) = ([], [])
      var isAfter = false
      for part in processor["single"]?.array ?? [] {
        if part["Sequence"] != nil { isAfter = true }
        guard let name = part["SpecialToken"]?["id"]?.string else { continue }
        let numbers = processor["special_tokens"]?[name]?["ids"]?.array?.compactMap(\.integer)
        guard let numbers else { throw unsupported("a token \(name.prefix(40)) that it lacks") }
        if isAfter {
          parts.after += numbers.map { Int32(clamping: $0) }
        } else {
          parts.before += numbers.map { Int32(clamping: $0) }
        }
      }
      return parts
    case "BertProcessing", "RobertaProcessing":
      func number(_ name: String) throws(LocalModelError) -> [Int32] {
        guard let number = processor[name]?[1]?.integer else {
          throw unsupported("a token \(name) that it lacks")
        }
        return [Int32(clamping: number)]
      }
      return (try number("cls"), try number("sep"))
    case let type:
      throw unsupported(
        "the post-processor \((type ?? "without a type").prefix(40)), which this program lacks")
    }
  }

  private static func vocabularyOnly(
    _ data: Data, settings: [String: MetadataValue], path: String
  ) throws(LocalModelError) -> ModelTokenizer {
    let lines = String(decoding: data, as: UTF8.self).utf8.split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    var pieces: [(piece: String, number: Int32)] = []
    for (number, line) in lines.enumerated() where !line.isEmpty {
      let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      pieces.append((String(decoding: line, as: UTF8.self), Int32(number)))
    }
    let model = try WordPiece(
      vocabulary: pieces, prefix: "##", unknown: settings["unk_token"]?.string ?? "[UNK]",
      mostScalars: 100, from: path)
    func number(_ setting: String, _ name: String) throws(LocalModelError) -> Int32 {
      let token = settings[setting]?.string ?? name
      guard let number = model.beginnings.number(of: token) else {
        throw LocalModelError(.damaged, "\(path) lacks the token \(token); get the model again")
      }
      return number
    }
    let (first, last) = (try number("cls_token", "[CLS]"), try number("sep_token", "[SEP]"))
    let added = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].compactMap { name in
      model.beginnings.number(of: name).map {
        MetadataValue.object(["content": .string(name), "id": .integer(Int64($0))])
      }
    }
    let rules = BertRules(
      .object([
        "lowercase": settings["do_lower_case"] ?? .bool(true),
        "strip_accents": settings["strip_accents"] ?? .null,
        "handle_chinese_chars": settings["tokenize_chinese_chars"] ?? .bool(true),
      ]))
    return ModelTokenizer(
      pipeline: .bert(rules, model), added: AddedTokens(added), before: [first], after: [last],
      vocabulary: pieces.map(\.number))
  }
}

extension BertRules {
  /// The settings of a `BertNormalizer`; accents go with capitals unless it says otherwise.
  fileprivate init(_ value: MetadataValue) {
    cleansText = value["clean_text"]?.bool ?? true
    splitsHan = value["handle_chinese_chars"]?.bool ?? true
    lowercases = value["lowercase"]?.bool ?? true
    stripsAccents = value["strip_accents"]?.bool ?? lowercases
  }
}
