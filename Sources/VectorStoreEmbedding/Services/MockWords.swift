// The words that say little, and the endings that fold words together, for the mock embedding.
// Called by MockTally; what they weigh stands at MockService.

/// Stop words, common words and stems, of words that are folded already (no accents, ß as ss).
enum MockWords {
  /// How much a word says by itself.
  enum Rank: UInt8 {
    case other, common, stop
  }

  /// The rank of a word, by its hash state.
  static func rank(of state: UInt64) -> Rank { table.rank(of: state) }

  /// How many of a word's scalars its stem has: the stem lacks the first of the ``endings`` that
  /// leaves at least four scalars.
  static func stemLength(of word: UnsafeBufferPointer<UInt32>) -> Int {
    guard let last = word.last, last >= 0x61, last <= 0x7A else { return word.count }
    var tail: UInt64 = 0
    for scalar in word.suffix(6) { tail = tail << 8 | UInt64(min(scalar, 0xFF)) }
    for ending in endingsByLetter[Int(last - 0x61)]
    where tail & ending.mask == ending.letters && word.count - ending.count >= 4 {
      return word.count - ending.count
    }
    return word.count
  }

  /// Endings of English plurals, verbs, nouns and adverbs, and of German plurals and adjectives, in
  /// the order of trial.
  private static let endings =
    "ations ation ments ment ness ings ing ities ity ies ied ed ers er es ly al s e y en em n"

  /// An ending as one number, a letter a byte.
  private struct Ending {
    var letters: UInt64
    var mask: UInt64
    var count: Int
  }

  private static let endingsByLetter: [[Ending]] = {
    var byLetter = [[Ending]](repeating: [], count: 26)
    for ending in endings.utf8.split(separator: 0x20) {
      let letters = ending.reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
      byLetter[Int(letters & 0xFF) - 0x61].append(
        Ending(letters: letters, mask: (1 << UInt64(ending.count * 8)) - 1, count: ending.count))
    }
    return byLetter
  }()

  private static let table = Table(
    stop: [english, german, french, spanish, italian, dutch, portuguese],
    common: [commonEnglish, commonGerman, ambiguous])

  /// Ranks by hash state, in an open-addressing table that is far from full.
  private struct Table {
    private var states: [UInt64]
    private var ranks: [Rank]

    init(stop: [String], common: [String]) {
      states = [UInt64](repeating: 0, count: 4096)
      ranks = [Rank](repeating: .other, count: 4096)
      for list in stop { insert(list, .stop) }
      for list in common { insert(list, .common) }
    }

    func rank(of state: UInt64) -> Rank { ranks[slot(of: state)] }

    private mutating func insert(_ list: String, _ rank: Rank) {
      for word in list.split(whereSeparator: \.isWhitespace) {
        let state = word.unicodeScalars.reduce(0) { MockHash.extended($0, by: $1.value) }
        let slot = slot(of: state)
        states[slot] = state
        ranks[slot] = rank
      }
    }

    /// The slot that holds a state, or the free one where it belongs.
    private func slot(of state: UInt64) -> Int {
      var slot = Int(truncatingIfNeeded: state &>> 40) & 4095
      while states[slot] != 0 && states[slot] != state { slot = (slot + 1) & 4095 }
      return slot
    }
  }

  /// English.
  private static let english = """
    a about above after again against all also am an and any are as at be because been before
    being below between both but by can could did do does doing down during each few for from
    further had has have having he her here hers herself him himself his how i if in into is it
    its itself just many may me might more most much must my myself no nor not now of off on
    once one only or other our ours ourselves out over own s same shall she should so some such
    t than that the their theirs them themselves then there these they this those through to too
    under until up upon us very was we were what when where which while who whom whose why will
    with would you your yours yourself yourselves
    """

  /// German, what the lists above lack.
  private static let german = """
    aber alle allem aller alles als andere anderen anderer anderes auch auf aus bei beim bis
    bist da damit dann das dass dein deine dem den denn der deren des dessen die dies diese
    diesem diesen dieser dieses doch dort du durch ein eine einem einen einer eines er es etwas
    euch euer fur gegen gewesen hab habe haben hatte hatten hier hin hinter ich ihm ihn ihnen
    ihr ihre ihrem ihren ihrer im indem ins ist jede jedem jeden jeder jedes jener kann kein
    keine keinem keinen keiner konnen konnte mache mehr mein meine mit muss nach nicht nichts
    noch nun nur ob oder ohne sehr sein seine seinem seinen seiner seit selbst sich sie sind
    solche soll sollte sondern sonst uber um und uns unser unter viel viele vielen vom von vor
    wahrend wann waren warum weil welche welchem welchen welcher welches wem wen wenn wer werde
    werden wessen wie wieder wieviel wir wird wo woher wohin wurde wurden zu zum zur zwar
    zwischen
    """

  /// French, what the lists above lack.
  private static let french = """
    alors au aucun aussi autre aux avec avoir ayant ce cela ces cet cette ceux chaque comme dans
    de depuis donc dont elle elles en encore est et etaient etait ete etre eux fait ici il ils
    je jusqu la le les leur leurs lors lui ma mais mes moi mon ne ni nos notre nous ont ou par
    parce pas pendant peu peut pour pourquoi qu quand que quel quelle quelles quels qui quoi sa
    sans se sera ses seulement sont sous sur tandis te tous tout toute toutes tres tu un une
    vers vos votre vous
    """

  /// Spanish, what the lists above lack.
  private static let spanish = """
    al algo ante antes aunque cada como con contra cual cuales cuando cuanto del desde donde dos
    durante el ella ellas ellos entre eran esa esas ese eso esos esta estaba estas este esto
    estos fue fueron ha habia hasta las lo los mas mi mientras mucho muy nada nosotros o otra
    otros para pero poco por porque quien quienes segun ser si sobre su sus tambien tanto tiene
    tienen todo todos tras una uno unos y ya yo
    """

  /// Italian, what the lists above lack.
  private static let italian = """
    agli ai alla anche ancora avere aveva che chi ci contro cosa cui dagli dal dalla dalle degli
    dei dell della delle dello di dopo due e ed erano essere fa fino fra gli hanno io lei li
    loro nei nel nella nelle nello noi non nostro ogni per perche piu poi prima quale quali
    quando quanto quella quello questa queste questi questo senza sia sono sotto sua sue sugli
    sul sulla suo suoi tra tutti tutto vi voi
    """

  /// Dutch, what the lists above lack.
  private static let dutch = """
    aan bij dan dat deze dit doen door dus een ge heb hebben heeft hem het hij hoe hun iemand ik
    ja kan kon kunnen maar meer met mij mijn naar niet niets nog nu om omdat ons ook op reeds
    tegen toch toen tot uit uw van veel voor waar waarom wanneer wat wel welke werd wij wil
    worden wordt zal ze zei zelf zich zij zijn zo zonder zou
    """

  /// Portuguese, what the lists above lack.
  private static let portuguese = """
    ao aos aquela aquele aqueles ate com dela dele deles depois ela elas ele eles em eram essa
    esse estava foi foram isso isto lhe lhes mesmo meu minha muito na nao nas nem nossa nosso
    num numa os pela pelas pelo pelos qual quem sao sem seu seus suas tambem tem tinha uma umas
    voce
    """

  private static let commonEnglish = """
    across along although among another around based became become began begin called case cases
    certain common different early effect effects end even example first five form found four
    general get give given gives good got great high however important include includes
    including kind known large last later led less like little long low made main major make
    method methods name named names new number obtained often old order part particular people
    place possible present presented problem problems result results said say second see seen
    set several show shown shows similar since small still study take taken three time times
    took toward towards two type use used uses using various way well within without work year
    years yet
    """

  private static let commonGerman = """
    art beispiel bekannt bereits drei erste ersten erster erstes etwa funf gemacht genannt gibt
    grosse grossen grosser grosses gut heisst heute immer jahr jahre jahren machte mehrere namen
    nennt neue neuen neuer neues rund spater teil verschiedene vier weitere weiteren wenige
    wenigen zahl zeit zwei
    """

  /// Stop words of one language that mean something in another.
  private static let ambiguous =
    "allen bin car come comment dove era eu han hat hay man men mine plus sin son tan want war"
}
