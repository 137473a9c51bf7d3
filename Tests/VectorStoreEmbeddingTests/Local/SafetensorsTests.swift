// Files of weights are untrusted: every header that lies is refused.

import Foundation
import TestSupport
import Testing

@testable import VectorStoreEmbedding

@Suite struct SafetensorsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func open(_ data: Data) throws -> Safetensors {
    try Safetensors(MappedFile(folder.write(data, to: "model.safetensors")))
  }

  @Test func readsTensors() throws {
    let file = try open(
      ModelFixture.safetensors(["a": .init([1, 2, 3, 4, 5, 6], [2, 3]), "b": .init([7], [1])]))
    let tensor = try file.floats("a", shape: [2, 3])
    #expect(Array(UnsafeBufferPointer(start: tensor.numbers, count: 6)) == [1, 2, 3, 4, 5, 6])
    #expect(file.shape(of: "b") == [1])
    #expect(throws: LocalModelError.self) { try file.floats("a", shape: [3, 2]) }
    #expect(throws: LocalModelError.self) { try file.floats("c", shape: [1]) }
  }

  @Test func readsNumbersAtOddAddresses() throws {
    let data = [Float(1.5), 2.5].withUnsafeBytes { Data($0) }
    let header = #"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [1, 9]}}"#
    let tensor = try open(ModelFixture.safetensors(header: Data(header.utf8), Data([0]) + data))
      .floats("a", shape: [2])
    #expect(tensor.numbers[1] == 2.5)
  }

  @Test func halvesAreConverted() {
    for (bits, value) in [
      (0x3C00, Float(1)), (0xC000, -2), (0x3555, 0.33325195), (0x0001, 0x1p-24), (0x7BFF, 65504),
      (0, 0),
    ] { #expect(Safetensors.float(half: UInt16(bits)) == value) }
    #expect(Safetensors.float(half: 0x7C01).isNaN)
  }

  @Test(arguments: [
    #"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 9]}}"#,
    #"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 16]}}"#,
    #"{"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}}"#,
    #"{"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}}"#,
    #"{"a": {"dtype": "F32", "shape": [9223372036854775807, 4], "data_offsets": [0, 8]}}"#,
    #"{"a": {"dtype": "F32", "shape": [2]}}"#, #"{"a": 1}"#, "[]", "{", "nonsense", "",
  ])
  func refusesAHeaderThatLies(header: String) {
    #expect(throws: LocalModelError.self) {
      try open(ModelFixture.safetensors(header: Data(header.utf8), Data(count: 8)))
    }
  }

  @Test func refusesALengthBeyondTheFile() {
    for length in [UInt64(1000), .max, 1 << 62] {
      let data = withUnsafeBytes(of: length.littleEndian) { Data($0) } + Data("{}".utf8)
      #expect(throws: LocalModelError.self) { try open(data) }
    }
    #expect(throws: LocalModelError.self) { try open(Data([1, 2])) }
  }

  @Test func survivesDamage() throws {
    let whole = ModelFixture.safetensors([
      "a": .init([1, 2, 3], [3]), "b": .init([4, 5], [2, 1]),
    ])
    for seed in 0..<300 {
      var generator = SeededGenerator(seed: UInt64(seed))
      var data = whole
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        data[Int.random(in: 0..<data.count, using: &generator)] = UInt8.random(
          in: 0...255, using: &generator)
      }
      if Bool.random(using: &generator) {
        data = data.prefix(Int.random(in: 1...data.count, using: &generator))
      }
      // Opened or refused; what is opened can be read.
      guard let file = try? open(data) else { continue }
      for name in file.names {
        guard let shape = file.shape(of: name), let tensor = try? file.floats(name, shape: shape)
        else { continue }
        #expect(
          UnsafeBufferPointer(start: tensor.numbers, count: tensor.count).reduce(0, +) != -12345)
      }
    }
  }
}
