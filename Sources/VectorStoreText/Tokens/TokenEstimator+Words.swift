// What words of Latin letters cost, by their pairs of letters.

extension TokenEstimator {
  /// Costs of words in Latin letters, in 1/64 of a token.
  ///
  /// A word costs what its first letter costs after nothing, a space or a sign, and then what each
  /// pair of neighbouring letters costs: pairs that are common in words that are tokens are cheap
  /// or negative, pairs that stand where words are cut are dear. Fitted by least squares, with the
  /// floor of one token a word, to true counts of words of English and German prose, translated
  /// program messages, Markdown, source code and base64.
  enum Words {
    /// The cost of the Latin letters from `at`, which moves behind them, and of what stands before.
    @inline(__always)
    static func cost(
      _ bytes: UnsafeBufferPointer<UInt8>, from at: inout Int, after before: Before,
      pairs: UnsafeBufferPointer<Int8>
    ) -> Int {
      var sum = 0
      var index = at
      var row = (letters + before.rawValue) * letters
      var capital = 22
      while index < bytes.count {
        let byte = bytes[index]
        let letter = Int(byte | 0x20) - 97
        if letter >= 0, letter < 26 {
          index += 1
          sum += Int(pairs[row &+ letter])
          row = letter &* letters
          if byte & 0x20 == 0 {
            // A capital costs most at the start, then after a small letter, least after another.
            sum += capital
            capital = 7
          } else {
            capital = 20
          }
        } else if byte >= 0xC3, isLatin(bytes, at: index) {
          index += byte == 0xE1 ? 3 : 2
          sum += Int(pairs[row &+ letters &- 1]) + (byte == 0xE1 ? 70 : 42)
          row = (letters - 1) * letters
          capital = 20
        } else {
          break
        }
      }
      at = index
      return sum
    }

    /// Whether a scalar beyond ASCII starts at an index and is a Latin letter: U+00C0 to U+024F but
    /// the signs of multiplication and division, and U+1E00 to U+1EFF.
    static func isLatin(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> Bool {
      switch bytes[index] {
      case 0xC3: bytes[index + 1] != 0x97 && bytes[index + 1] != 0xB7
      case 0xC4...0xC8: true
      case 0xC9: bytes[index + 1] < 0x90
      case 0xE1: bytes[index + 1] >= 0xB8 && bytes[index + 1] < 0xBC
      default: false
      }
    }

    /// The letters a to z and one for all others.
    private static let letters = 27

    /// Costs by letter and next letter, then by what stands before a word and its first letter: one
    /// sign of ASCII each, `>` for 0 and the next sign for one more.
    static let pairs: [Int8] = Array((letterPairs + firstLetters).utf8)
      .filter { $0 != UInt8(ascii: "\n") }
      .map { Int8($0) - 62 }

    private static let letterPairs = #"""
      xBC;mD6LLQY9HAuH}:A;cOQE+Yp
      KiVpP}}}\+v;]lXovOLwHj{wAzu
      Dm?i:szM=x9CSt@ev3N,>k]}@mj
      dc[=W{Eaa}}od}hm}l[ejZb}Yj}
      BWQ5PTQifutINPjK5GBRdEZ9Eer
      Lw^]PSS}@}p@oS9ua@WMSn}y1|O
      c}}SWu;2R}YJdNUtnSYdWky|6hv
      N^cYP}b`Z}#YYXXejUkZl{QmfVl
      JC9;QGEb^vk?L:3BfN><aG}V}Lf
      A}}ZP}}}mfQ}srIw}}6}ir}}}{h
      ec]ZOgUG\}Xfw`yl}hEjvwk}Kc\
      Zh`IQfxsV}jJn}_Vx}X_Yv]}9vj
      LEc^:}v}M}pXW=W?}yYn^z}r[bf
      Zt;>OhJ^TxTVYY\l}[G>XMl}Sha
      MTI7`K?\K<ICE71Hp<LRMO=F3}b
      R}X'F}UOV}u<<fOIyKKO\qvxR}d
      }}{m}}}jt}}-ht}ll{}l<s}v}}H
      R`T?GsJjTqXZYNDM}PI[_]Xy-ui
      g}RaHTVFSyoQlSZT[nSMX}K}Cyi
      Nk:RQ^_7O}cKNeSD}OMM]u=\5kg
      =OL4DUHxGye4HFW?}3>8eyy[szq
      ?{}=8o_}@rzwF}e{}}|}}r}}g}u
      f}#RS}z>O}qN}7]v}APHi@Zvx}Y
      gt#}U}}oW}}sb}}Fc}lR}}VJ#}}
      uzo{c}qibvP\nt]b}gBn}}c}l}w
      Vz}fH}pnvr}Htf[x}}}T[}=uZOu
      M9NPC>JC[ElLaHWv{EKAkoQ9`k}
      """#

    private static let firstLetters = #"""
      TbW=\YJEQ[[SXX^SaUPQ_fK?Yi}
      EH?1GI@I@>FCCFG>aE>CEV=5'U`
      n|hUnjlqo}o\edti}l__pq^}`}}
      """#
  }
}
