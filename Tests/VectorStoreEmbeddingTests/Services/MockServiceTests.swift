import TestSupport
import Testing

@testable import VectorStoreEmbedding

@Suite struct MockServiceTests {
  static let samples = [
    "The quick brown fox jumps over the lazy dog.",
    "Die Straße nach Köln führt über den Fluß; 308 Punkte, 6½ Sacks.",
    "黑豹队的防守只丢了 308分，在联赛中排名第六",
    "والحكومة الأولى وحُكُومَتُها في سنة ١٩٤٨، مع المعلمين؛ کتاب ۱۲",
    "Πρώτη πρόταση. Второе предложение. ประโยคที่สาม 👩‍👩‍👧 €5",
    "supercalifragilisticexpialidocious-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW",
  ]
  /// Texts that have broken embedders before.
  static let hostile = [
    " ", "\n\t \r\n", "\0", "...", "?!", "—", "\u{301}", "\u{FEFF}", "\u{200D}", "😀", "👩🏽‍🚀", "🇩🇪",
    "the",
    "to be or not to be", "a", "Z", "7", "é", "e\u{301}", "ß", "漢", "ー", "ก", "한", "\u{10FFFF}",
    "\u{E000}", "\u{FFFD}", "\u{1F3FD}",
  ]

  /// Checksums of whole vectors: whatever changes one of them needs a new name of the model.
  @Test(
    arguments: [
      ("The quick brown fox jumps over the lazy dog.", 0xF4C5_0416_8315_9077),
      ("Die Straße nach Köln", 0x65C7_EBEB_6D03_A0F8), ("黑豹队的防守", 0x5DCE_33BD_628C_051C),
      ("?!", 0x6716_E58C_5EAF_6ACE),
    ] as [(String, UInt64)])
  func isTheSameOnEveryMachine(text: String, checksum: UInt64) {
    let bits = MockService().vector(of: text).map { UInt64($0.bitPattern) }
    #expect(bits.reduce(0) { ($0 &* 0x100_0000_01B3) ^ $1 } == checksum)
  }

  /// Stores from before keep their space: whatever it made of a text then, it makes now.
  @Test(
    arguments: [
      ("The quick brown fox jumps over the lazy dog.", 0xF4C5_0416_8315_9077),
      ("والحكومة في سنة ١٩٤٨", 0x8F48_B50E_11D9_6CAD),
    ] as [(String, UInt64)])
  func theFormerSpaceStaysAsItWas(text: String, checksum: UInt64) throws {
    let service = try #require(MockService(space: .formerMock))
    let bits = service.vector(of: text).map { UInt64($0.bitPattern) }
    #expect(bits.reduce(0) { ($0 &* 0x100_0000_01B3) ^ $1 } == checksum)
  }

  @Test func onlyArabicTellsTheTwoSpacesApart() throws {
    let former = try #require(MockService(space: .formerMock))
    for text in Self.samples + Self.hostile {
      let isArabic = text.unicodeScalars.contains { 0x0610...0x06F9 ~= $0.value }
      #expect((former.vector(of: text) == MockService().vector(of: text)) != isArabic, "\(text)")
    }
  }

  @Test func makesNoVectorsOfASpaceThatItDoesNotKnow() {
    for name in ["mock/hashed-features-3/1536", "mine/hashed-features-2/1536", "openai/x/64"] {
      #expect(EmbeddingSpace(name).flatMap(MockService.init(space:)) == nil, "\(name)")
    }
  }

  @Test func foldsTheFormsOfAnArabicWordTogether() {
    for form in ["الحكومة", "والحكومة", "حُكُومَةٌ", "حكـــومة", "للحكومة", "حكومات"] {
      #expect(Self.cosine("حكومة", form) > 0.99, "\(form)")
    }
    #expect(Self.cosine("أحكام ١٩٤٨", "احكام 1948") > 0.99)
    #expect(Self.cosine("ما هي الحكومة التي كانت", "حكومة") > 0.99)
    #expect(abs(Self.cosine("حكومة", "مدرسة")) < 0.3)
  }

  @Test func placesKnownComponents() {
    let vector = MockService().vector(of: "The quick brown fox jumps over the lazy dog.")
    #expect(vector[2].bitPattern == 0x3D7F_EF35)
    #expect(vector[39].bitPattern == 0x3DE4_04CC)
    #expect(vector[59].bitPattern == 0xBD7F_EF35)
  }

  @Test(arguments: samples + hostile)
  func followsItsFormula(text: String) throws {
    for dimensions in [64, 100, 1536] {
      #expect(try Self.followsFormula(text, dimensions), "\(dimensions) dimensions")
    }
  }

  @Test func followsItsFormulaOverRandomTexts() throws {
    for seed in 0..<60 as Range<UInt64> {
      let text = Self.randomText(seed: seed, length: 300)
      #expect(try Self.followsFormula(text, 192), "seed \(seed)")
    }
  }

  @Test func hasUnitLengthAndIsNeverZero() {
    let service = MockService()
    for text in Self.samples + Self.hostile {
      #expect(abs(Self.length(service.vector(of: text)) - 1) < 1e-6, "\(text.debugDescription)")
    }
    for seed in 100..<200 as Range<UInt64> {
      let vector = service.vector(of: Self.randomText(seed: seed, length: Int(seed)))
      #expect(abs(Self.length(vector) - 1) < 1e-6, "seed \(seed)")
      #expect(vector.allSatisfy { $0.isFinite }, "seed \(seed)")
    }
  }

  @Test(arguments: [64, 65, 383, 1536, 4095, 4096])
  func hasTheDimensionsOfItsSpace(dimensions: Int) throws {
    let service = try MockService(dimensions: dimensions)
    #expect(service.space.name == "mock/hashed-features-2/\(dimensions)")
    #expect(service.space.kind == .mock)
    let vector = service.vector(of: Self.samples[0])
    #expect(vector.count == dimensions)
    #expect(abs(Self.length(vector) - 1) < 1e-6)
  }

  @Test func embedsABatchAsItEmbedsEachText() async throws {
    let service = MockService()
    let texts = Self.samples + Self.hostile
    let batch = try await service.embed(texts)
    #expect(batch.tokens == 0)
    let isSame = batch.vectors == texts.map { service.vector(of: $0) }
    #expect(isSame)
    for (text, vector) in zip(texts, batch.vectors) {
      let isSame = try await service.embed([text]).vectors == [vector]
      #expect(isSame, "\(text.debugDescription)")
    }
  }

  @Test func stopsWhenItsTaskIsCancelled() async {
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await MockService().embed(["a text"])
    }
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func putsTextsThatShareWordsNear() {
    let text = "The boundary layer on a flat plate becomes turbulent."
    #expect(Self.cosine(text, "a turbulent boundary layer over flat plates") > 0.5)
    #expect(Self.cosine(text, "Turbulence in the layers at a boundary") > 0.3)
    #expect(abs(Self.cosine(text, "Grandmother baked seven apple pies yesterday")) < 0.12)
    #expect(Self.cosine("黑豹队的防守", "防守是黑豹队的强项") > 0.4)
    #expect(abs(Self.cosine("黑豹队的防守", "今天天气很好")) < 0.12)
  }

  @Test func dampsStopWordsAndRepetition() {
    let topic = "heat transfer"
    #expect(Self.cosine(topic, "what is the heat of it and which was the transfer") > 0.85)
    let once = Self.cosine("tower", "tower bridge")
    let often = Self.cosine("tower", "tower tower tower tower tower tower bridge")
    #expect(once < often)
    #expect(often < 0.97)
  }

  @Test func seesNoDifferenceInCaseAccentsWidthAndSpacing() {
    let service = MockService()
    let plain = service.vector(of: "Cafe in Zurich, 42 Strassen")
    for text in ["CAFÉ  in\nZürich — ４２ Straßen!", "cafe\u{301} in Zu\u{308}rich 42 strassen"] {
      let isSame = service.vector(of: text) == plain
      #expect(isSame, "\(text)")
    }
  }

  /// Random scalars of many scripts, with words that come back.
  static func randomText(seed: UInt64, length: Int) -> String {
    var random = SeededGenerator(seed: seed)
    let words = ["the", "Boundary", "layers", "über", "防", "守", "の", "ไทย", "ΣΟΦΟΣ", "🙂", "ments"]
    var text = ""
    while text.unicodeScalars.count < length {
      switch Int.random(in: 0..<6, using: &random) {
      case 0: text += words.randomElement(using: &random) ?? ""
      case 1: text += " "
      case 2: text += String(UnicodeScalar(UInt8.random(in: 0..<128, using: &random)))
      case 3: Self.append(UInt32.random(in: 0x80..<0x600, using: &random), to: &text)
      case 4: Self.append(UInt32.random(in: 0x600..<0x11000, using: &random), to: &text)
      default: text += "abcdefghij".prefix(Int.random(in: 1...10, using: &random))
      }
    }
    return text
  }

  private static func append(_ value: UInt32, to text: inout String) {
    if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
  }

  /// Whether the service and the reference agree in every bit; a Bool, so that no vector is printed.
  private static func followsFormula(_ text: String, _ dimensions: Int) throws -> Bool {
    try ["hashed-features-1", "hashed-features-2"].allSatisfy { model in
      let space = try #require(EmbeddingSpace("mock/\(model)/\(dimensions)"))
      let service = try #require(MockService(space: space))
      return service.vector(of: text).map(\.bitPattern)
        == MockReference.vector(of: text, in: space).map(\.bitPattern)
    }
  }

  private static func length(_ vector: [Float]) -> Double {
    vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
  }

  private static func cosine(_ first: String, _ second: String) -> Double {
    let service = MockService()
    return zip(service.vector(of: first), service.vector(of: second))
      .reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
}
