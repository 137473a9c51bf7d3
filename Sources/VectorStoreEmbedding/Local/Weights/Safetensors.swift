// Reads the safetensors format: a header in JSON that names tensors, then their numbers.

import VectorStoreText

/// A file of tensors in Hugging Face's safetensors format.
///
/// Layout: 8 bytes, little-endian, with the header's length N; N bytes of JSON, an object from each tensor's
/// name to its `dtype`, `shape` and `data_offsets` [begin, end); then the data, which the offsets count from.
/// The header is untrusted: nothing in it is used before it has been checked against the file's size.
struct Safetensors: Sendable {
  /// The types of numbers that are read.
  private enum Element: String {
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case float64 = "F64"
    case int64 = "I64"
    case int32 = "I32"

    var size: Int {
      switch self {
      case .float16, .bfloat16: 2
      case .float32, .int32: 4
      case .float64, .int64: 8
      }
    }
  }

  private struct Entry {
    var element: String
    var shape: [Int]
    var range: Range<Int>
  }

  /// A header is at most as long as the format's own library allows.
  private static let mostHeaderBytes = 100_000_000

  let file: MappedFile
  private let entries: [String: Entry]

  /// Reads the header.
  ///
  /// - Throws: ``LocalModelError`` with `damaged` for a file that is not what the format asks for.
  /// - Complexity: O(bytes of the header).
  init(_ file: MappedFile) throws(LocalModelError) {
    self.file = file
    let bytes = file.bytes
    func damaged(_ problem: String) -> LocalModelError {
      LocalModelError(
        .damaged, "\(file.path) is not a whole safetensors file: \(problem); get the model again")
    }
    guard bytes.count >= 8 else { throw damaged("it has \(bytes.count) bytes") }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= UInt64(min(Self.mostHeaderBytes, bytes.count - 8)) else {
      throw damaged("its header is said to have \(length) bytes, of \(bytes.count) in all")
    }
    let data = 8 + Int(length)
    let header: [String: MetadataValue]
    do {
      let text = UnsafeRawBufferPointer(rebasing: bytes[8..<data]).bindMemory(to: UInt8.self)
      guard var cursor = JSONCursor(text) else { throw damaged("its header is empty") }
      header = try cursor.object()
      try cursor.finish()
    } catch let fault as JSONFault {
      throw damaged(
        "at byte \(fault.offset) of its header is \(fault.found), not \(fault.expected)")
    } catch let error as LocalModelError {
      throw error
    } catch {
      throw damaged("\(error)")
    }
    var entries: [String: Entry] = [:]
    for (name, value) in header where name != "__metadata__" {
      guard let element = value["dtype"]?.string,
        let shape = value["shape"]?.wholeNumbers, shape.allSatisfy({ $0 >= 0 }),
        let offsets = value["data_offsets"]?.wholeNumbers, offsets.count == 2
      else { throw damaged("the tensor \(name.prefix(80)) lacks dtype, shape or data_offsets") }
      guard 0 <= offsets[0], offsets[0] <= offsets[1], offsets[1] <= bytes.count - data else {
        throw damaged(
          "the tensor \(name.prefix(80)) lies at \(offsets[0]) to \(offsets[1]), "
            + "of \(bytes.count - data) bytes of data")
      }
      if let size = Element(rawValue: element)?.size {
        var count = size
        for side in shape {
          let (product, isTooLarge) = count.multipliedReportingOverflow(by: side)
          guard !isTooLarge else { throw damaged("the tensor \(name.prefix(80)) is too large") }
          count = product
        }
        guard count == offsets[1] - offsets[0] else {
          throw damaged(
            "the tensor \(name.prefix(80)) of shape \(shape) has \(offsets[1] - offsets[0]) bytes, "
              + "not \(count)")
        }
      }
      entries[name] = Entry(
        element: element, shape: shape, range: data + offsets[0]..<data + offsets[1])
    }
    self.entries = entries
  }

  /// The names of all tensors, in no order.
  var names: [String] { Array(entries.keys) }

  /// A tensor's shape, or nil if there is no such tensor.
  func shape(of name: String) -> [Int]? { entries[name]?.shape }

  /// A tensor as float32: mapped if it is stored so, else converted into memory of its own.
  ///
  /// - Parameter shape: what the tensor must have, outermost first.
  /// - Throws: ``LocalModelError`` if there is no such tensor, or its shape or type is another.
  /// - Complexity: O(1) for float32, else O(numbers).
  func floats(_ name: String, shape: [Int]) throws(LocalModelError) -> Tensor {
    guard let entry = entries[name] else {
      throw LocalModelError(
        .unsupported,
        "\(file.path) has no tensor \(name); expected a model of the kind its config says")
    }
    guard entry.shape == shape else {
      throw LocalModelError(
        .damaged,
        "the tensor \(name) of \(file.path) has the shape \(entry.shape); its config.json says \(shape)"
      )
    }
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[entry.range])
    let count = shape.reduce(1, *)
    switch Element(rawValue: entry.element) {
    case .float32:
      if let tensor = Tensor(mapped: bytes, of: file) { return tensor }
      return Tensor(count: count) { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    case .float16:
      return Tensor(count: count) {
        Self.float(half: bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self).littleEndian)
      }
    case .bfloat16:
      return Tensor(count: count) {
        let bits = bytes.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self).littleEndian
        return Float(bitPattern: UInt32(bits) << 16)
      }
    case .float64:
      return Tensor(count: count) {
        Float(bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self))
      }
    case .int64, .int32, nil:
      throw LocalModelError(
        .unsupported,
        "the tensor \(name) of \(file.path) is of the type \(entry.element); F32, F16, BF16 and F64 "
          + "are read")
    }
  }

  /// A tensor of whole numbers.
  ///
  /// - Throws: ``LocalModelError``, as ``floats(_:shape:)`` does.
  func wholeNumbers(_ name: String, count: Int) throws(LocalModelError) -> [Int] {
    guard let entry = entries[name], entry.shape == [count],
      let element = Element(rawValue: entry.element), element == .int64 || element == .int32
    else {
      throw LocalModelError(
        .damaged, "the tensor \(name) of \(file.path) is missing or has no \(count) whole numbers")
    }
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[entry.range])
    return (0..<count).map { index in
      element == .int64
        ? Int(bytes.loadUnaligned(fromByteOffset: 8 * index, as: Int64.self).littleEndian)
        : Int(bytes.loadUnaligned(fromByteOffset: 4 * index, as: Int32.self).littleEndian)
    }
  }

  /// An IEEE 754 half as float32; x86 has no such type in Swift.
  static func float(half bits: UInt16) -> Float {
    let (sign, exponent, fraction) = (UInt32(bits >> 15), bits >> 10 & 31, UInt32(bits & 1023))
    let magnitude: Float =
      switch exponent {
      case 0: Float(fraction) * 0x1p-24
      case 31: fraction == 0 ? .infinity : .nan
      default: Float(bitPattern: (UInt32(exponent) + 112) << 23 | fraction << 13)
      }
    return sign == 0 ? magnitude : -magnitude
  }
}

extension MetadataValue {
  /// The whole numbers of a list, or nil if it is none of such.
  fileprivate var wholeNumbers: [Int]? {
    guard let array else { return nil }
    let numbers = array.compactMap(\.integer)
    return numbers.count == array.count ? numbers : nil
  }
}

/// Numbers that stay where they are for as long as this lives.
struct Tensor: Sendable {
  private final class Memory: Sendable {
    // Written before anybody else has it, and freed when nobody has it any more.
    nonisolated(unsafe) let numbers: UnsafeMutablePointer<Float>

    init(_ numbers: UnsafeMutablePointer<Float>) { self.numbers = numbers }

    deinit { numbers.deallocate() }
  }

  // Read only; what it points to lives as long as `owner`.
  nonisolated(unsafe) let numbers: UnsafePointer<Float>
  let count: Int
  private let owner: any AnyObject & Sendable

  /// Numbers of a mapped file, or nil unless they are aligned as float32 must be.
  init?(mapped bytes: UnsafeRawBufferPointer, of file: MappedFile) {
    guard let start = bytes.baseAddress, Int(bitPattern: start) % 4 == 0 else { return nil }
    numbers = start.assumingMemoryBound(to: Float.self)
    count = bytes.count / 4
    owner = file
  }

  /// Numbers of their own.
  init(count: Int, _ number: (Int) -> Float) {
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: max(count, 1))
    for index in 0..<count { (memory + index).initialize(to: number(index)) }
    owner = Memory(memory)
    numbers = UnsafePointer(memory)
    self.count = count
  }

  /// The first number of a row of so many columns.
  func row(_ index: Int, columns: Int) -> UnsafePointer<Float> { numbers + index * columns }
}
