// Files of float32 vectors in NumPy's format, version 1.0. Used by SearchData and MadeVectors.

import Foundation

/// A matrix of float32 numbers in a .npy file.
struct NPYFile {
  let rows: Int
  let columns: Int
  private let data: Data
  private let start: Int

  /// Maps a file that NumPy wrote: `<f4`, C order, two dimensions.
  init(_ path: String) throws {
    data = try Data(contentsOf: URL(filePath: path), options: .alwaysMapped)
    start = 10 + Int(data[8]) + Int(data[9]) << 8
    let header = String(decoding: data[10..<start], as: UTF8.self)
    let shape = #/'shape': \((\d+), (\d+)\)/#
    guard header.contains("'<f4'"), let match = header.firstMatch(of: shape),
      let rows = Int(match.1), let columns = Int(match.2),
      data.count == start + rows * columns * 4
    else { throw CocoaError(.fileReadCorruptFile, userInfo: [NSFilePathErrorKey: path]) }
    self.rows = rows
    self.columns = columns
  }

  /// One row after another.
  func vectors(_ range: Range<Int>) -> [[Float]] {
    range.map { row in
      let first = start + row * columns * 4
      return data[first..<first + columns * 4].withUnsafeBytes { bytes in
        (0..<columns).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      }
    }
  }

  /// Writes the first rows to a file of their own.
  func write(first count: Int, to path: String) throws {
    try Self.write(
      data[start..<start + count * columns * 4], rows: count, columns: columns, to: path)
  }

  /// Writes numbers that stand row after row.
  static func write(_ elements: [Float], columns: Int, to path: String) throws {
    try elements.withUnsafeBytes {
      try write(Data($0), rows: elements.count / columns, columns: columns, to: path)
    }
  }

  private static func write(_ bytes: Data, rows: Int, columns: Int, to path: String) throws {
    var header = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(columns)), }"
    header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
    var made = Data([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0])
    made += [UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)]
    made += Data(header.utf8)
    let file = URL(filePath: path)
    try made.write(to: file)
    let handle = try FileHandle(forWritingTo: file)
    defer { try? handle.close() }
    try handle.seekToEnd()
    try handle.write(contentsOf: bytes)
  }
}
