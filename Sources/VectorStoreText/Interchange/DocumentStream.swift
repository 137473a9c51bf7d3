// The bytes of a file of documents as lines of JSON in UTF-8, out of gzip, UTF-16 or a JSON array.

import Foundation
import Synchronization

/// Reads a file and unwraps what its first bytes say it is: gzip; UTF-16, by its byte order mark or its
/// zeros; a JSON array, whose elements become lines. Plain lines pass as they are.
///
/// Memory is a few blocks, and the longest element of an array.
final class DocumentStream: Sendable {
  private static let blockBytes = 1 << 18

  /// What messages call the file.
  var name: String { file.name }
  private let file: InputFile
  private let state = Mutex(State())

  init(_ file: InputFile) { self.file = file }

  /// Reads the next bytes, as many as fit and are there, and returns how many; 0 at the end.
  ///
  /// - Throws: ``InterchangeError`` with `cannotRead`, or `notUTF8` for a damaged UTF-16.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(InterchangeError) -> Int {
    // Only used within this call.
    nonisolated(unsafe) let buffer = buffer
    return try state.withLock { state throws(InterchangeError) in
      while state.ready.isEmpty {
        if state.isPlain { return try file.read(into: buffer) }
        guard try refill(&state) else { return 0 }
      }
      let count = min(buffer.count, state.ready.count)
      buffer.copyBytes(from: state.ready.prefix(count))
      state.ready = state.ready.dropFirst(count)
      return count
    }
  }

  /// Makes the next bytes ready; false at the end.
  private func refill(_ state: inout State) throws(InterchangeError) -> Bool {
    guard !state.isAtEnd else { return false }
    var bytes = try block()
    state.isAtEnd = bytes.isEmpty
    if !state.hasBegun, bytes.starts(with: [0x1F, 0x8B]) {
      guard let gunzip = Gunzip() else {
        throw problem(
          "gzip", expected: "zlib on this machine", advice: "unpack it with gunzip first")
      }
      state.gunzip = gunzip
    }
    if let gunzip = state.gunzip {
      guard let unpacked = gunzip.unpack(bytes), !(state.isAtEnd && !gunzip.isComplete) else {
        throw problem(
          "gzip that is damaged or cut short", expected: "whole gzip", advice: "pack it again")
      }
      bytes = unpacked
      if bytes.isEmpty, !state.isAtEnd { return true }
    }
    if !state.hasBegun {
      state.hasBegun = true
      state.utf16 = UTF16Lines(startingWith: bytes)
      if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    }
    if state.utf16 != nil {
      guard let text = state.utf16?.decode(bytes, isLast: state.isAtEnd) else {
        throw problem(
          "UTF-16 that is damaged", expected: "UTF-8 or UTF-16", advice: "save it as UTF-8")
      }
      bytes = text
    }
    if state.array == nil, !state.isText, let first = bytes.first(where: { !Self.isBlank($0) }) {
      if first == UInt8(ascii: "[") { state.array = ArrayElements() } else { state.isText = true }
    }
    if state.array != nil { bytes = state.array?.lines(of: bytes, isLast: state.isAtEnd) ?? [] }
    state.ready = bytes[...]
    state.isPlain = state.isText && state.gunzip == nil && state.utf16 == nil
    return true
  }

  private func block() throws(InterchangeError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: Self.blockBytes)
    let file = file
    let outcome = bytes.withUnsafeMutableBytes { all in
      Result { () throws(InterchangeError) in try file.read(into: all) }
    }
    bytes.removeLast(bytes.count - (try outcome.get()))
    return bytes
  }

  private func problem(
    _ found: String, expected: String, advice: String
  ) -> InterchangeError {
    InterchangeError(.cannotRead, file: name, found: found, expected: expected, advice: advice)
  }

  fileprivate static func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }

  private struct State {
    var ready: ArraySlice<UInt8> = []
    var hasBegun = false
    var isAtEnd = false
    /// Whether the rest of the file is lines as they stand there.
    var isPlain = false
    var isText = false
    var gunzip: Gunzip?
    var utf16: UTF16Lines?
    var array: ArrayElements?
  }
}

/// UTF-16 to UTF-8, a block at a time.
private struct UTF16Lines {
  private let isBigEndian: Bool
  /// Bytes that wait for the rest of their character.
  private var rest: [UInt8] = []

  /// Nil unless the bytes begin with a byte order mark, or with an ASCII character of two bytes.
  init?(startingWith bytes: [UInt8]) {
    guard bytes.count >= 2 else { return nil }
    switch (bytes[0], bytes[1]) {
    case (0xFF, 0xFE), (1..., 0): isBigEndian = false
    case (0xFE, 0xFF), (0, 1...): isBigEndian = true
    default: return nil
    }
  }

  /// Nil for half a character.
  mutating func decode(_ bytes: [UInt8], isLast: Bool) -> [UInt8]? {
    rest += bytes
    var units: [UInt16] = []
    units.reserveCapacity(rest.count / 2)
    for index in stride(from: 0, to: rest.count - 1, by: 2) {
      let (first, second) = (UInt16(rest[index]), UInt16(rest[index + 1]))
      units.append(isBigEndian ? first << 8 | second : second << 8 | first)
    }
    if let last = units.last, UTF16.isLeadSurrogate(last), !isLast { units.removeLast() }
    rest.removeFirst(2 * units.count)
    guard !isLast || rest.isEmpty else { return nil }
    if units.first == 0xFEFF { units.removeFirst() }
    var utf8: [UInt8] = []
    utf8.reserveCapacity(units.count)
    let isDamaged = transcode(
      units.makeIterator(), from: UTF16.self, to: UTF8.self, stoppingOnError: true
    ) { utf8.append($0) }
    return isDamaged ? nil : utf8
  }
}

/// The elements of one JSON array as lines, a block at a time.
private struct ArrayElements {
  private var depth = 0
  private var isInString = false
  private var isEscaped = false
  private var isOver = false

  mutating func lines(of bytes: [UInt8], isLast: Bool) -> [UInt8] {
    var lines: [UInt8] = []
    lines.reserveCapacity(bytes.count)
    for byte in bytes {
      if isInString {
        lines.append(byte)
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        depth += 1
        if depth > 1 || isOver { lines.append(byte) }
      case UInt8(ascii: "]") where depth == 1:
        (depth, isOver) = (0, true)
        lines.append(0x0A)
      case UInt8(ascii: "]"), UInt8(ascii: "}"):
        depth -= 1
        lines.append(byte)
      case UInt8(ascii: ",") where depth == 1: lines.append(0x0A)
      // A line break within an element ends no line.
      case 0x0A, 0x0D: lines.append(0x20)
      default:
        isInString = byte == UInt8(ascii: "\"")
        lines.append(byte)
      }
    }
    // An array that is cut short is no JSON, and says so as the last line.
    if isLast, !isOver { lines += Array("\n[".utf8) }
    return lines
  }
}

/// Unpacks gzip with the system's zlib, which is looked for when it is needed first.
private final class Gunzip {
  /// `z_stream` of zlib.h, which has had this layout since 1995.
  private struct Stream {
    var nextIn: UnsafePointer<UInt8>?
    var availableIn: UInt32 = 0
    var totalIn: UInt = 0
    var nextOut: UnsafeMutablePointer<UInt8>?
    var availableOut: UInt32 = 0
    var totalOut: UInt = 0
    var message: UnsafePointer<CChar>?
    var state: OpaquePointer?
    var allocate: UnsafeRawPointer?
    var free: UnsafeRawPointer?
    var opaque: UnsafeRawPointer?
    var dataType: Int32 = 0
    var adler: UInt = 0
    var reserved: UInt = 0
  }

  private typealias Begin =
    @convention(c) (UnsafeMutableRawPointer, Int32, UnsafePointer<CChar>, Int32) -> Int32
  private typealias Step = @convention(c) (UnsafeMutableRawPointer, Int32) -> Int32
  private typealias Call = @convention(c) (UnsafeMutableRawPointer) -> Int32

  private let stream = UnsafeMutablePointer<Stream>.allocate(capacity: 1)
  private let inflate: Step
  private let reset: Call
  private let end: Call
  /// Whether the bytes so far are whole.
  private(set) var isComplete = false

  /// Nil where there is no zlib.
  init?() {
    let names = ["libz.so.1", "libz.so", "/usr/lib/libz.dylib"]
    guard let library = names.lazy.compactMap({ dlopen($0, RTLD_NOW) }).first,
      let begin = dlsym(library, "inflateInit2_"), let inflate = dlsym(library, "inflate"),
      let reset = dlsym(library, "inflateReset"), let end = dlsym(library, "inflateEnd")
    else { return nil }
    self.inflate = unsafeBitCast(inflate, to: Step.self)
    self.reset = unsafeBitCast(reset, to: Call.self)
    self.end = unsafeBitCast(end, to: Call.self)
    stream.initialize(to: Stream())
    // 16 beyond the window's 15 bits asks for gzip.
    let code = unsafeBitCast(begin, to: Begin.self)(
      stream, 31, "1.2.11", Int32(MemoryLayout<Stream>.size))
    if code != 0 { return nil }
  }

  deinit {
    _ = end(stream)
    stream.deallocate()
  }

  /// The bytes that the next packed ones hold; nil if they are damaged.
  func unpack(_ bytes: [UInt8]) -> [UInt8]? {
    var unpacked: [UInt8] = []
    let isWhole = bytes.withUnsafeBufferPointer { packed in
      stream.pointee.nextIn = packed.baseAddress
      stream.pointee.availableIn = UInt32(packed.count)
      while stream.pointee.availableIn > 0 {
        if isComplete {
          // Another member follows.
          guard reset(stream) == 0 else { return false }
          isComplete = false
        }
        var code: Int32 = 0
        let room = 1 << 18
        unpacked += [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
          stream.pointee.nextOut = buffer.baseAddress
          stream.pointee.availableOut = UInt32(room)
          code = inflate(stream, 0)
          count = room - Int(stream.pointee.availableOut)
        }
        // 0 goes on, 1 is a member's end, -5 wants more bytes.
        guard code == 0 || code == 1 || code == -5 else { return false }
        isComplete = code == 1
        if code == -5 { break }
      }
      return true
    }
    return isWhole ? unpacked : nil
  }
}
