import Foundation
import TestSupport
import Testing

@testable import VectorStoreText

/// A `.npy` file's bytes: magic, version, and the dictionary padded to 64 bytes.
private func npy(
  _ dictionary: String, version: UInt8 = 1, data: [UInt8] = [], padding: Bool = true
) -> [UInt8] {
  var text = dictionary
  let prefix = version == 1 ? 10 : 12
  if padding { while (prefix + text.utf8.count + 1) % 64 != 0 { text += " " } }
  text += "\n"
  let count = text.utf8.count
  var bytes = NPYHeader.magic + [version, 0, UInt8(count & 0xFF), UInt8(count >> 8)]
  if version > 1 { bytes += [0, 0] }
  return bytes + Array(text.utf8) + data
}

private func dictionary(_ type: String, _ shape: String, order: String = "False") -> String {
  "{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }"
}

private func bytes<T: FixedWidthInteger>(_ values: [T]) -> [UInt8] {
  values.flatMap { value in withUnsafeBytes(of: value) { Array($0) } }
}

private func error(_ bytes: [UInt8]) throws -> InterchangeError? {
  try withScratchFolder { folder in
    let path = try folder.file("a.npy", bytes)
    do throws(InterchangeError) {
      _ = try NPYReader(path: path)
      return nil
    } catch {
      #expect(error.file == path)
      return error
    }
  }
}

@Suite struct NPYReaderTests {
  private let values: [Float] = [1, -2.5, 0.125, -0.0, 65504, 6.103515625e-05]

  @Test(arguments: NPYHeader.Element.allCases)
  func readsEachElementType(element: NPYHeader.Element) throws {
    // 1, -2.5, 0.125, -0, the largest half, the smallest normal half.
    let halves: [UInt16] = [0x3C00, 0xC100, 0x3000, 0x8000, 0x7BFF, 0x0400]
    let data =
      switch element {
      case .littleHalf: bytes(halves.map(\.littleEndian))
      case .bigHalf: bytes(halves.map(\.bigEndian))
      case .littleSingle: bytes(values.map(\.bitPattern.littleEndian))
      case .bigSingle: bytes(values.map(\.bitPattern.bigEndian))
      case .littleDouble: bytes(values.map { Double($0).bitPattern.littleEndian })
      case .bigDouble: bytes(values.map { Double($0).bitPattern.bigEndian })
      }
    for version in UInt8(1)...3 {
      let file = npy(dictionary(element.rawValue, "(3, 2)"), version: version, data: data)
      try withScratchFolder { folder in
        let reader = try NPYReader(path: try folder.file("a.npy", file))
        #expect(reader.rows == 3 && reader.dimensions == 2)
        var block: [Float] = [9, 9, 9, 9, 9, 9, 9, 9]
        try reader.read(rows: 0..<3, into: &block)
        #expect(block.map(\.bitPattern) == values.map(\.bitPattern))
        try reader.read(rows: 1..<2, into: &block)
        #expect(block == [0.125, 0])
        try reader.read(rows: 3..<3, into: &block)
        #expect(block.isEmpty)
      }
    }
  }

  @Test func convertsHalvesExactly() {
    #expect(NPYHeader.Element.float(halfBits: 0x0001) == 0x1p-24)
    #expect(NPYHeader.Element.float(halfBits: 0x83FF) == -0x3FFp-24)
    #expect(NPYHeader.Element.float(halfBits: 0x7C00) == .infinity)
    #expect(NPYHeader.Element.float(halfBits: 0xFC00) == -.infinity)
    #expect(NPYHeader.Element.float(halfBits: 0x7E00).isNaN)
    #if !(os(macOS) && arch(x86_64))
      for bits in UInt16.min ... .max {
        let value = NPYHeader.Element.float(halfBits: bits)
        let expected = Float(Float16(bitPattern: bits))
        guard value.bitPattern == expected.bitPattern || (value.isNaN && expected.isNaN) else {
          Issue.record("half \(bits)")
          break
        }
      }
    #endif
  }

  @Test func readsOneRowAndOddHeaders() throws {
    let data = bytes([Float(1), 2].map(\.bitPattern.littleEndian))
    let headers = [
      dictionary("<f4", "(2,)"), dictionary("<f4", "(1,2)"),
      "{\"shape\":(2,),\"fortran_order\":False,\"descr\":\"<f4\"}",
      "  {'fortran_order' : False,'shape':( 2 , ) , 'descr' :'<f4'}",
    ]
    for header in headers {
      for padding in [true, false] {
        try withScratchFolder { folder in
          let file = npy(header, data: data, padding: padding)
          let reader = try NPYReader(path: try folder.file("a.npy", file))
          var block: [Float] = []
          try reader.read(rows: 0..<1, into: &block)
          #expect(block == [1, 2], "\(header)")
        }
      }
    }
  }

  @Test func refusesHeadersThatAreWrong() throws {
    let headers: [(String, InterchangeError.Code)] = [
      (dictionary("<i4", "(1, 2)"), .unsupportedType),
      (dictionary("|S4", "(1, 2)"), .unsupportedType),
      (dictionary("f4", "(1, 2)"), .unsupportedType),
      ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}", .unsupportedType),
      (dictionary("<f4", "(1, 2)", order: "True"), .unsupportedOrder),
      (dictionary("<f4", "()"), .unsupportedShape),
      (dictionary("<f4", "(1, 2, 1)"), .unsupportedShape),
      (dictionary("<f4", "(2, 0)"), .unsupportedShape),
      (dictionary("<f4", "(2)"), .malformedHeader),
      (dictionary("<f4", "(-2,)"), .malformedHeader),
      (dictionary("<f4", "(2 1)"), .malformedHeader),
      (dictionary("<f4", "(99999999999999999999,)"), .malformedHeader),
      (dictionary("<f4", "(2,)", order: "1"), .malformedHeader), ("{}", .malformedHeader),
      ("", .malformedHeader),
      ("{'descr': '<f4', 'shape': (2,)}", .malformedHeader),
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': True}", .malformedHeader),
      ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", .malformedHeader),
      (dictionary("<f4", "(2,)") + "x", .malformedHeader),
      (dictionary("<f4", "(2,)") + "{", .malformedHeader),
      (String(dictionary("<f4", "(2,)").dropLast()), .malformedHeader),
      (dictionary("<f4", "(9223372036854775807, 9223372036854775807)"), .wrongSize),
      (dictionary("<f4", "(4611686018427387904, 2)"), .wrongSize),
    ]
    for (header, code) in headers {
      #expect(try error(npy(header, data: [0, 0, 0, 0, 0, 0, 0, 0]))?.code == code, "\(header)")
    }
  }

  @Test func refusesFilesThatAreCutOrOther() throws {
    let whole = npy(dictionary("<f4", "(2, 2)"), data: [UInt8](repeating: 0, count: 16))
    #expect(try error(whole) == nil)
    for count in [0, 3, 6, 7, 8, 10, 11, 12, 60, 127, whole.count - 1] {
      let found = try #require(try error(Array(whole.prefix(count))), "\(count) bytes")
      #expect([.notNPY, .malformedHeader, .wrongSize].contains(found.code), "\(count) bytes")
    }
    #expect(try error(whole + [0])?.code == .wrongSize)
    #expect(try error(Array("PK\u{3}\u{4} an archive".utf8))?.code == .notNPY)
    var version = whole
    version[6] = 4
    #expect(try error(version)?.code == .unsupportedVersion)
    version[6] = 1
    version[7] = 1
    #expect(try error(version)?.code == .unsupportedVersion)
  }

  @Test func saysWhatIsWrongInWords() throws {
    let cut = npy(dictionary("<f4", "(3, 2)"), data: [UInt8](repeating: 0, count: 20))
    let description = try #require(try error(cut)).description
    #expect(
      description.hasSuffix(
        "a.npy: found 20 bytes of numbers, expected 24 for 3 rows of 2; copy or write the file again"
      ))
    let type = try #require(try error(npy(dictionary("<i8", "(3, 2)"))))
    #expect(
      type.description.hasSuffix(
        "found elements of type '<i8', expected one of <f2 >f2 <f4 >f4 <f8 >f8; "
          + "convert it with array.astype(\"<f4\")"))
  }

  @Test func refusesPathsAndRowsThatAreNotThere() throws {
    try withScratchFolder { folder in
      for path in [folder.appending(path: "none.npy").path, folder.path] {
        do throws(InterchangeError) {
          _ = try NPYReader(path: path)
          Issue.record("opened \(path)")
        } catch {
          #expect(error.code == .cannotOpen)
        }
      }
      let file = npy(dictionary("<f4", "(2,)"), data: [UInt8](repeating: 0, count: 8))
      let reader = try NPYReader(path: try folder.file("a.npy", file))
      var block: [Float] = []
      #expect(throws: InterchangeError.self) { try reader.read(rows: 0..<2, into: &block) }
      #expect(throws: InterchangeError.self) { try reader.read(rows: -1..<1, into: &block) }
    }
  }

  @Test func noticesAFileThatShrinksWhileItIsRead() throws {
    try withScratchFolder { folder in
      let file = npy(dictionary("<f4", "(2, 1)"), data: [UInt8](repeating: 0, count: 8))
      let path = try folder.file("a.npy", file)
      let reader = try NPYReader(path: path)
      #expect(truncate(path, off_t(file.count - 4)) == 0)
      var block: [Float] = []
      try reader.read(rows: 0..<1, into: &block)
      do throws(InterchangeError) {
        try reader.read(rows: 0..<2, into: &block)
        Issue.record("read rows that are gone")
      } catch {
        #expect(error.code == .cannotRead)
      }
    }
  }

  @Test(.enabled(if: SharedData.file("openai1536/text-embedding-3-small.npy") != nil))
  func readsRealVectors() throws {
    let url = try #require(SharedData.file("openai1536/text-embedding-3-small.npy"))
    let reader = try NPYReader(path: url.path)
    #expect(reader.rows == 776 && reader.dimensions == 1536)
    var block: [Float] = []
    for row in [0, 775] {
      try reader.read(rows: row..<(row + 1), into: &block)
      let length = block.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(abs(length - 1) < 1e-3)
    }
  }
}
