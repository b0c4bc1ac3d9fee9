"""Abbreviations that a full stop belongs to, and words that commonly begin a sentence.

Written without their last full stop and without spaces inside, so that "z. B." is "z.B". Those that end a sentence
wherever a capital letter follows ("etc.", "usw.") need no entry.
"""

__all__ = [
    "BEFORE_NUMBERS",
    "NEVER_LAST",
    "OFTEN_LAST",
    "ORDINAL_NOUNS",
    "SENTENCE_ENDS",
    "STARTERS",
    "WORDS_BEFORE_ORDINALS",
]


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


# A name, or what they stand for, has to follow. Case counts: "Gen." is a title, "gen." may be anything.
NEVER_LAST = _words(
    # English
    "Mr Mrs Ms Mx Dr Prof Rev Hon Gen Col Maj Capt Cpt Lt Sgt Cpl Adm Cmdr Gov Sen Rep Pres Supt Messrs Mt Mts Ft St",
    "e.g E.g i.e I.e eg ie vs viz cf Cf resp approx incl excl esp a.k.a",
    # German
    "Hr Fr Frl Dipl Ing Mag Hrsg z.B Z.B d.h D.h D.i d.i u.a i.d.R z.T Z.T u.U U.U v.a V.a m.E M.E s.o S.o s.u S.u",
    "o.g i.Allg i.A i.V bzw Bzw ggf Ggf vgl Vgl evtl Evtl inkl Inkl exkl zzgl abzgl sog geb gest gegr ausschl einschl",
    "bzgl Bzgl gem Gem lt urspr insb Insb mind jew ehem zw v.d Dr.-Ing Dipl.-Ing St.-",
    # French
    "MM Mme Mmes Mlle Mlles Me Mgr p.ex P.ex c.-à-d c.à.d av apr env",
    # Spanish, Portuguese, Italian
    "Sr Sra Srta Sres Sras Dra Drs Dña Ud Uds Vd Vds Fco Mª Gral Lic Arq Excmo Excma sr sra srta dr dra p.ej P.ej",
    "aprox Aprox Exmo Exma Ilmo Profa Eng Cel p.ex V.Exa Sig Sig.ra Sigg Dott Dott.ssa Prof.ssa Avv Geom On Egr",
    "Gent.mo cfr Cfr dott ing avv ad.es es Es per.es p.es P.es S.E",
    # Dutch, Danish, Norwegian, Swedish
    "dhr Dhr mevr Mevr mw Mw drs bijv Bijv bv d.w.z D.w.z m.a.w M.a.w o.a O.a t.a.v i.v.m i.p.v t.o.v evt Evt m.b.t",
    "m.b.v t.ex T.ex bl.a Bl.a f.eks F.eks dvs jf Jf ifht iht",
    # Polish, Czech
    "np Np m.in M.in tzn tj Tj tzw inż mgr ul pl św ks hab wg ww zob Zob por Por dot např Např tzv mj Mgr čl sv",
    # Russian, Ukrainian, Bulgarian, Greek
    "т.е Т.е т.к Т.к т.н т.о ул пр-т просп пер пл им проф Проф акад доц канд напр Напр см См ср Ср св Св наз г-н г-жа",
    "пос дер обл пгт тов Тов бул вул π.χ Π.χ βλ Βλ δηλ Δηλ αρ λ.χ",
    # Turkish, Hungarian, Finnish, Indonesian
    "Doç Yrd Sn Öğr örn Örn bkz Bkz Av ún kb esim Esim nk ns yth Yth",
    # Hindi, Arabic
    "डॉ श्री प्रो पं सु कु",
)

# A number after them belongs to them; anything else begins a sentence.
BEFORE_NUMBERS = _words(
    "no nos nr nrs num núm nº n.º fig figs eq eqs eqn sec sect ch chap vol vols pp pg pgs p.p art arts ed ver rev ref",
    "refs app tab tbl ex ca circa par para lib bk pt pts min max jan feb febr mar apr jun jul aug sep sept oct okt",
    "nov dec dez abb kap bd abs ziff bl tel ext zl rn hs § pág págs pag pagg cap séc tít lám blz hst hfst afb č str",
    "rys tabl rozdz стр рис табл гл разд пп ст ок тел кв том вып изд σελ κεφ εικ s.f th bab hlm tgl pasal gl kl gr",
    "lin col cols ann avv",
)

# They may end a sentence; then a word follows that commonly begins one.
OFTEN_LAST = _words(
    "Inc Ltd Co Corp Bros Cie plc GmbH Jr Sr Esq Ph.D M.D B.A M.A B.Sc M.Sc Assn Univ Dept dept est Est al Ave Blvd",
    "Rd Sq Hwy Bldg a.m p.m A.M P.M U.S U.K U.N E.U B.C A.D D.C v.Chr n.Chr Chr Str str Std Mio Mrd Jh Jhd Hbf EE.UU",
    "UU S.A S.L S.p.A S.r.l a.C d.C J.-C Ltda Cía Avda Av н.э г гг в вв руб коп тыс млн млрд чел мин сек кг км др пр",
    "tys mln zł godz r w mil vb s.a N.V B.V A.S A.Ş",
)

# Single letters that would pass for initials, where they do end a sentence.
SENTENCE_ENDS = _words("т.д т.п т.д. и.т.д и.т.п u.s.w u.ä o.ä o.Ä u.Ä u.v.m m.m e.t.c κ.λ.π κ.ά a.s.o")

# German and its neighbours write ordinals with a full stop: "am 3. Oktober", "der 2. Weltkrieg".
ORDINAL_NOUNS = _words(
    "Januar Jänner Februar März April Mai Juni Juli August September Oktober November Dezember Jan Feb Mär Apr Jun",
    "Jul Aug Sep Sept Okt Nov Dez Jahrhundert Jahrhunderts Jahrtausend Jh Jhd Weltkrieg Weltkriegs Kapitel Klasse",
    "Auflage Mal Platz Stock Geburtstag Tag Woche Monat Jahr Lebensjahr Semester Spieltag Bundesliga Liga Runde Stufe",
    "Grad Grades Etage Band Schritt Schuljahr Quartal Bezirk Ordnung Person",
)

WORDS_BEFORE_ORDINALS = _words(
    "am im vom zum zur beim ab seit bis der die das dem den des ein eine einem einen eines einer jede jeden jeder",
    "jedes jedem sein seine seinem seinen seiner ihr ihre ihrem ihren ihrer unser unsere unserem unseren mein meine",
    "meinem meinen Am Im Vom Zum Zur Beim Ab Seit Der Die Das Dem Den Des Ein Eine",
)

STARTERS = _words(
    # English
    "The This That These Those There Then It Its He She We They You His Her Our My Your Their But And However If When",
    "While For As At On In After Before Since Although Though Because Not With From By To So What Why How Who Where",
    "Which Some Many Most All Both Each Every Another Other Such No Yes Also Thus Therefore Meanwhile Moreover Here",
    "Now Once Next Finally",
    # German
    "Der Die Das Ein Eine Er Sie Es Wir Ihr Ich Und Aber Doch Im Am An Auf Bei Mit Nach Seit Von Zu Zum Zur Wenn Als",
    "Da Dann Diese Dieser Dieses Diesen Auch Danach Dort Hier Für Durch Unter Über Man Nun So Während Weil Sein Seine",
    "Ihre Jedoch",
    # French
    "Le La Les Un Une Des Ce Cet Cette Ces Il Elle Ils Elles On Nous Vous Je Et Mais Dans En Pour Par Sur Avec Si",
    "Quand Lors Son Sa Ses Leur Leurs Puis Ainsi Après Avant Depuis",
    # Spanish, Portuguese, Italian
    "El Los Las Una Uno Esto Este Esta Estos Estas Ese Esa Él Ella Ellos Pero Y Con Del Al Se Su Sus Por Para Cuando",
    "También Después Desde Según O Os As Um Uma Ele Ela Eles Mas E Com Isso Isto Esse Essa Seu Sua Não No Na Nos Nas",
    "Quando Depois Lo Gli I Il Questo Questa Questi Quello È Ma Nel Nella Non Per Dopo Poi Anche Suo",
    # Dutch
    "De Het Een Dit Dat Deze Hij Zij Ze Wij Maar Met Voor Van Op Toen Ook Na",
    # Russian
    "Он Она Оно Они Мы Вы Я Это Этот Эта Эти Но И А В Во На С По Из От К При Для Если Когда После Затем Его Её Их",
    "Также Там Здесь Однако Потом Так Как Что Все Всё",
)
