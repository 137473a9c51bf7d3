// Text in encodings beside UTF-8 and UTF-16, by their IANA names, and which one bytes may be in.

package import Foundation
import Synchronization

/// Reads bytes in an encoding that somebody names, with the system's iconv.
package enum NamedEncoding {
  /// Decodes bytes.
  ///
  /// - Parameter name: an IANA name, as `windows-1252`, `Shift_JIS` or `ISO-8859-15`.
  /// - Throws: ``TextDecodingError``: `unknownEncoding`, or `invalid` with the byte that begins no
  ///   character.
  /// - Complexity: O(bytes).
  package static func decode(
    _ bytes: some ContiguousBytes, as name: String
  ) throws(TextDecodingError) -> String {
    let result = bytes.withUnsafeBytes { bytes in
      Result { () throws(TextDecodingError) in try decode(bytes, name) }
    }
    return try result.get()
  }

  /// Whether the system knows an encoding.
  package static func isKnown(_ name: String) -> Bool {
    guard let iconv = Iconv.system, let descriptor = iconv.open(name) else { return false }
    iconv.close(descriptor)
    return true
  }

  private static func decode(
    _ bytes: UnsafeRawBufferPointer, _ name: String
  ) throws(TextDecodingError) -> String {
    guard let iconv = Iconv.system, let descriptor = iconv.open(name) else {
      throw TextDecodingError.unknownEncoding(name)
    }
    defer { iconv.close(descriptor) }
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count + bytes.count / 2)
    var block = [UInt8](repeating: 0, count: 1 << 16)
    var input = bytes.baseAddress.map {
      UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: CChar.self))
    }
    var left = bytes.count
    while left > 0 {
      let before = left
      var code: Int32 = 0
      let written = block.withUnsafeMutableBytes { room in
        var output = room.baseAddress?.assumingMemoryBound(to: CChar.self)
        var free = room.count
        code = iconv.convert(descriptor, &input, &left, &output, &free)
        return room.count - free
      }
      text += block.prefix(written)
      // No room is no error: the next round has some.
      guard code == 0 || code == E2BIG, left < before || written > 0 else {
        throw TextDecodingError.invalid(name, offset: bytes.count - left)
      }
    }
    guard !text.contains(0), let string = String(validating: text, as: UTF8.self) else {
      throw TextDecodingError.invalid(name, offset: 0)
    }
    return string.hasPrefix("\u{FEFF}") ? String(string.unicodeScalars.dropFirst()) : string
  }

  // MARK: - Guessing

  /// The encodings that bytes that are no UTF-8 may be in, the likeliest first, at most two: judged by
  /// which characters they would be.
  ///
  /// - Complexity: O(bytes looked at), of which there are at most 64 KB.
  package static func likely(_ bytes: some ContiguousBytes) -> [String] {
    bytes.withUnsafeBytes { bytes in
      // A character may be cut at the end.
      let sample = UnsafeRawBufferPointer(rebasing: bytes.prefix(1 << 16))
      let names = [
        "windows-1252", "windows-1251", "windows-1250", "Shift_JIS", "EUC-JP", "GB18030", "Big5",
        "EUC-KR",
      ]
      let scored = names.compactMap { name -> (name: String, score: Double)? in
        for cut in 0..<4 where cut < sample.count || cut == 0 {
          let part = UnsafeRawBufferPointer(rebasing: sample.dropLast(cut))
          if let text = try? decode(part, name) { return (name, score(text)) }
          // Only the last character may be at fault.
          if sample.count == bytes.count { return nil }
        }
        return nil
      }
      let order = Dictionary(uniqueKeysWithValues: zip(names, 0...))
      let sorted = scored.sorted { one, other in
        (one.score, order[other.name, default: 0]) > (other.score, order[one.name, default: 0])
      }
      return sorted.prefix(2).filter { $0.score > 0 && $0.score >= sorted[0].score / 2 }.map(\.name)
    }
  }

  /// How much a text looks like one, by the characters that are not ASCII: those that texts are made of,
  /// beside their like, count for it; what nobody writes counts against it.
  private static func score(_ text: String) -> Double {
    var sum = 0.0
    var count = 0.0
    var before: Unicode.Scalar = " "
    for scalar in text.unicodeScalars {
      defer { before = scalar }
      guard !scalar.isASCII else { continue }
      count += 1
      switch scalar.value {
      // Letters of European languages stand among ASCII letters, and mostly small.
      case 0xE0...0xF6, 0xF8...0xFD, 0x105, 0x107, 0x119, 0x142, 0x144, 0x15B, 0x17A, 0x17C, 0x11B,
        0x10D, 0x159, 0x161, 0x17E, 0x16F, 0x151, 0x171:
        sum += before.properties.isAlphabetic && !before.isASCII ? -0.5 : 0.9
      case 0xC4, 0xC9, 0xD6, 0xDC, 0xDF: sum += 0.8
      case 0xA0, 0xA3, 0xA7, 0xA9, 0xAB, 0xB0, 0xBB, 0x2013, 0x2014, 0x2018...0x201E, 0x2026,
        0x20AC:
        sum += 0.4
      case 0x430...0x44F, 0x451: sum += before.value >= 0x400 && before.value < 0x460 ? 1 : 0.3
      case 0x410...0x42F: sum += before.value >= 0x430 && before.value < 0x460 ? -1 : 0.5
      case 0x3041...0x30FE: sum += 1.3
      case 0x3001, 0x3002, 0xFF01, 0xFF0C, 0xFF1F: sum += 1.2
      case 0xAC00...0xD7A3: sum += 1.1
      // The characters that are frequent come first in each script's own tables.
      case 0x4E00...0x9FFF: sum += common.contains(scalar) ? 1.2 : 0.35
      default: sum -= 1
      }
    }
    return count == 0 ? 0 : sum / count
  }

  /// The most frequent characters of Chinese and Japanese texts.
  private static let common = Set(
    "的一是不了在人有我他这这個个们中来上大为和国國地到以说說時时要就出会會可也你对對生能而子那得于於着著下自之年过過发發後后作里裏用道行所然家种種事成方多经經麼么去法学學如都同现現當当没沒动動面起看定天分还還进進好小部其些主样樣理心她本前开開但因只从從想实實日軍者意无無力它与與长長把机機十民第公此已工使情明性知全三又关關点點正业業外将將两兩高间間由问問很最重并物手应應战戰向头頭文体體政美相见見被利什二等产產新己制身果加西斯月话話合回特代内信表化老给給世位次度门門任常先海通教儿兒原东東声聲提立及比员員解水名真论論处處走义義各入几口认認条條平系气氣题題活尔爾更别別打女变變四神总總何电電数數安少报報才结結反受目太量再感建务務做接必场場件计計管期市直德资資命山金指克许許统統区區保至队隊形社便空决決治展马馬科司五基眼书書非则則听聽白却卻界达達光放强強即像难難且权權思王象完设設式色路记記南品住告类類求据據程北边邊死张張该該交规規万取拉格望觉覺术術领領共确確传傳师師观觀清今切院让讓识識候带帶导導争爭运運語気読書食飲円駅会話"
      .unicodeScalars)
}

/// The system's iconv, which is in the C library of Linux and a library of its own on macOS.
private struct Iconv: Sendable {
  typealias Descriptor = OpaquePointer
  private typealias Open =
    @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>) -> Int
  private typealias Convert =
    @convention(c) (
      OpaquePointer, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, UnsafeMutablePointer<Int>,
      UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>, UnsafeMutablePointer<Int>
    ) -> Int
  private typealias Close = @convention(c) (OpaquePointer) -> Int32

  private let openFunction: Open
  private let convertFunction: Convert
  private let closeFunction: Close

  static let system = Iconv()

  private init?() {
    let library = dlopen("/usr/lib/libiconv.2.dylib", RTLD_NOW) ?? dlopen(nil, RTLD_NOW)
    func find(_ name: String) -> UnsafeMutableRawPointer? {
      dlsym(library, name) ?? dlsym(library, "lib" + name)
    }
    guard let open = find("iconv_open"), let convert = find("iconv"),
      let close = find("iconv_close")
    else { return nil }
    openFunction = unsafeBitCast(open, to: Open.self)
    convertFunction = unsafeBitCast(convert, to: Convert.self)
    closeFunction = unsafeBitCast(close, to: Close.self)
  }

  func open(_ name: String) -> Descriptor? {
    // A slash asks iconv for more than an encoding.
    guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") })
    else { return nil }
    let found = openFunction("UTF-8", name)
    return found == -1 ? nil : OpaquePointer(bitPattern: found)
  }

  /// Converts as much as fits. Returns 0, or the system's number of what stopped it.
  func convert(
    _ descriptor: Descriptor, _ input: inout UnsafeMutablePointer<CChar>?, _ left: inout Int,
    _ output: inout UnsafeMutablePointer<CChar>?, _ free: inout Int
  ) -> Int32 {
    let result = convertFunction(descriptor, &input, &left, &output, &free)
    return result == -1 ? errno : 0
  }

  func close(_ descriptor: Descriptor) { _ = closeFunction(descriptor) }
}
