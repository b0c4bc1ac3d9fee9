"""Phrases with which a question speaks of the text that it was written from, by language.

Regular expressions; blanks stand for any white space. The phrases are such that a question about texts as a subject
("How do I extract text from a PDF?") or about a named text ("according to Article 5 of the treaty") has none of them.
"""

__all__ = ["REFERENCE_PHRASES"]

# What ends a noun phrase: "the document", and not "the document type definition" or "the author of Faust".
_END = r"(?![\w§#+-])(?!['’]s )(?! (?:\d|§|of|von|des|der|vom|de|d['’]|du|del|della|dell['’]|di|do|da|dos|das|van)\b)"

_EN = r"(?:text|passage|excerpt|extract|paragraph|article|document|snippet|section|chapter|context)s?"
_EN_SELF = r"(?:the|this|these) (?:text|passage|excerpt|paragraph|article|document|snippet|section|chapter|author)s?"
_EN_GIVEN = r"(?:above|given|provided|following|preceding|supplied|aforementioned|quoted)"
_EN_STOP = r"(?=\s*(?:[,.?!:;)]|$)| (?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|do|does|did|can|"
_EN_STOP += r"about|regarding|concerning|as)\b)"
_DE = r"(?:Text(?:abschnitt|auszug|passage|stelle)?|Artikel|Abschnitt|Absatz|Auszug|Dokument|Passage|Kapitel|Kontext)s?"
_DE_SELF = rf"(?:(?:der|die|das|dieser|diese|dieses) (?:{_DE}|Autor(?:in|en)?|Verfasser(?:in)?))"
_DE_VERB = r"(?:meinen?|sagen?|sagt|meint|beschreib(?:t|en)|erklär(?:t|en)|empfiehlt|empfehlen|erwähn(?:t|en)|"
_DE_VERB += r"behaupte(?:t|n)|argumentier(?:t|en)|beton(?:t|en)|erläuter(?:t|n))"
_FR = r"(?:texte|passage|extrait|paragraphe|article|document|contexte|auteure?|auteurs)"
_FR_VERB = r"(?:dit|mentionne|décrit|explique|affirme|recommande|évoque|précise|indique|souligne|suggère)(?:nt)?"
_ES = r"(?:texto|pasaje|fragmento|extracto|párrafo|artículo|documento|contexto|autora?|autores)"
_ES_VERB = r"(?:dice|menciona|describe|explica|afirma|recomienda|señala|sugiere|sostiene)n?"
_IT = r"(?:testo|brano|passaggio|estratto|paragrafo|articolo|documento|contesto|autore|autrice)"
_IT_VERB = r"(?:dice|menziona|descrive|spiega|afferma|raccomanda|consiglia|sostiene|suggerisce)"
_PT = r"(?:texto|trecho|excerto|parágrafo|artigo|documento|contexto|autora?|autores)"
_PT_VERB = r"(?:diz|menciona|descreve|explica|afirma|recomenda|sugere|defende)"
_NL = r"(?:tekst|passage|fragment|alinea|artikel|document|auteur|schrijver|context)"
_RU = r"(?:текст|отрывк|фрагмент|абзац|документ|контекст)"
_JA = r"(?:文章|テキスト|記事|文書|資料|ドキュメント|節|段落|一節|抜粋|パッセージ)"
_ZH = r"(?:文章|文本|文档|文檔|文件|段落|文字|短文|材料|上下文|片段|资料|資料|内容|內容)"
_AR = r"(?:النص|المقال|المقالة|المقطع|الفقرة|المستند|الوثيقة|السياق|الكاتب|المؤلف)"
_HI = r"(?:पाठ|गद्यांश|लेख|दस्तावेज़|दस्तावेज|अनुच्छेद|परिच्छेद|अंश|संदर्भ)"
_KO = r"(?:글|본문|텍스트|지문|문서|기사|문단|단락|발췌문)"

REFERENCE_PHRASES = {
    "en": (
        rf"\baccording to (?:the|this|these) (?:{_EN_GIVEN} )?(?:{_EN}|authors?){_EN_STOP}",
        rf"\b(?:according to|based on|given|from|using) (?:the |this )?{_EN_GIVEN} (?:{_EN}|information){_EN_STOP}",
        rf"\b(?:according to|based on|from) (?:the |this )?(?:{_EN}|information) (?:above|below|given|provided)\b",
        rf"^(?:based on|given|from) (?:the|this) (?:{_EN}|information)\s*,",
        rf"\b(?:in|from|by|of|within|throughout) (?:this|these) {_EN}{_EN_STOP}",
        rf"\b(?:in|from|by|of|within|throughout) (?:the |this )?{_EN_GIVEN} {_EN}{_EN_STOP}",
        rf"\b(?:in|from|of|within|throughout) the (?:passage|excerpt|snippet){_EN_STOP}",
        r"\b(?:mentioned|described|discussed|stated|explained|outlined|referred to|quoted) "
        rf"(?:in|by|within|throughout) the (?:{_EN}|authors?){_EN_STOP}",
        rf"\b{_EN_SELF} (?:states?|says?|mentions?|discuss(?:es)?|describes?|suggests?|impl(?:y|ies)|argues?|claims?|"
        r"recommends?|believes?|emphasi[sz]es?|tells? us|talks? about|refers? to|is about|are about|deals? with)\b",
        rf"\bthe authors? (?:means?|explains?|thinks?|notes?|points? out|concludes?|proposes?){_END}",
        rf"\b(?:main|central|key) (?:idea|topic|point|purpose|theme|argument|message) of (?:the|this) {_EN}{_EN_STOP}",
        rf"\b(?:mentioned|described|discussed|stated|listed|shown) (?:above|below){_EN_STOP}",
        r"\bthe above-mentioned\b",
    ),
    "de": (
        rf"\b(?:laut|gemäß) (?:dem|der|diesem|dieser) (?:{_DE}|Autor(?:in)?|Verfasser(?:in)?){_END}",
        rf"\blaut (?:Text|Autor(?:in)?|Artikel|Dokument|Abschnitt|Auszug){_END}",
        rf"\b(?:dem|diesem) (?:{_DE}|Autor) zufolge\b",
        rf"\b(?:in|aus|von) (?:diesem|dieser) {_DE}{_END}",
        rf"\b(?:im|in der|in dem|aus dem|vom) (?:obigen|vorliegenden|gegebenen|folgenden|genannten) {_DE}{_END}",
        rf"\b(?:im|in dem|in der) {_DE} (?:erwähnt|genannt|beschrieben|erklärt|erläutert|behandelt|besprochen)",
        rf"\b{_DE_VERB} {_DE_SELF}{_END}",
        rf"\b{_DE_SELF} {_DE_VERB}\b",
    ),
    "fr": (
        rf"\b(?:selon|d['’]après) (?:(?:le|la|ce|cet|cette|les) |l['’]){_FR}{_END}",
        rf"\bdans (?:ce|cet|cette) (?:{_FR}|section){_END}",
        rf"\bdans (?:le|l['’]) ?{_FR} (?:ci-dessus|ci-dessous|suivant|fourni|donné)",
        rf"\b(?:mentionn|décri|évoqu|cit|présent)\w+ dans (?:le |l['’]|ce |cet ){_FR}{_END}",
        rf"\b{_FR_VERB}(?:-t-(?:il|elle))? (?:(?:le|ce|cet|cette|les) |l['’]){_FR}{_END}",
        rf"(?:\b(?:le|ce|cet|cette|les) |l['’]){_FR} {_FR_VERB}\b",
        r"\bl['’]auteure? (?:veut|pense|parle)\b|\bveut dire l['’]auteur",
    ),
    "es": (
        rf"\b(?:según|de acuerdo (?:con|a)|conforme a)l? (?:(?:el|la|este|esta|los|dicho) )?{_ES}{_END}",
        rf"\ben (?:este|esta|el presente|el siguiente) (?:{_ES}|sección){_END}",
        rf"\b(?:mencion|descri|cit|present)\w+ en (?:el|este) {_ES}{_END}",
        rf"\b{_ES_VERB} (?:el|la|este|esta|los) {_ES}{_END}",
        rf"\b(?:el|la|este|los) {_ES} {_ES_VERB}\b",
    ),
    "it": (
        rf"\bsecondo (?:(?:il|lo|la|questo|questa|gli) |l['’]|quest['’]){_IT}{_END}",
        rf"\bin base al (?:testo|brano|passaggio|contesto|documento){_END}",
        rf"\bin (?:questo |questa |quest['’])(?:{_IT}|sezione){_END}",
        rf"\b(?:menzionat|descritt|citat)[oaie] ne(?:l |ll['’]){_IT}{_END}",
        rf"\b{_IT_VERB} (?:(?:il|lo|la|questo) |l['’]){_IT}{_END}",
        rf"(?:\b(?:il|lo|la|questo) |\bl['’]){_IT} {_IT_VERB}\b",
    ),
    "pt": (
        rf"\b(?:segundo|conforme|de acordo com) (?:o|a|este|esta|esse|os) {_PT}{_END}",
        rf"\bn(?:este|esta|esse|essa) (?:{_PT}|seção|secção){_END}",
        rf"\b(?:mencionad|descrit|citad)[oa]s? n(?:o|este) {_PT}{_END}",
        rf"\b{_PT_VERB} (?:o|a|este|os) {_PT}{_END}",
        rf"\b(?:o|a|este|os) {_PT} {_PT_VERB}\b",
    ),
    "nl": (
        rf"\bvolgens (?:de|het|deze|dit) {_NL}{_END}",
        rf"\bin (?:deze|dit|bovenstaande|de bovenstaande|het bovenstaande) {_NL}{_END}",
        rf"\b(?:genoemd|vermeld|beschreven|besproken) in (?:de|het) {_NL}{_END}",
        rf"\b(?:zegt|bedoelt|beschrijft|vermeldt|beweert) (?:de|het|dit|deze) {_NL}{_END}",
    ),
    "ja": (
        r"(?<!の)本文(?:に?よ(?:る|れば)|では|で(?:述べ|言及|説明|紹介)|に(?:書かれ|記載|述べ)|の内容)",
        r"(?:^|[^\w])本文中?[でにの]",
        rf"(?:この|上記の|前述の|以下の|次の|当該){_JA}(?:に|で|の|は|によ|から|中|内)",
        rf"{_JA}(?:によると|によれば)",
        r"(?<![一-鿿ァ-ヶ])文中(?:で|に|の)",
        r"(?<![のﾉ])(?:著者|筆者)(?:は|が|によ|の(?:主張|考え|意見))(?!誰)",
    ),
    "zh": (
        rf"(?:根据|根據|按照|依据|依據|基于|从|從|在|据)(?:这|這|本|该|該|此|上述|以上|给定|給定|所给|提供)的?(?:一)?[段篇个個份则則]?的?{_ZH}",
        rf"(?:根据|根據|按照|依据|依據){_ZH}(?=[，,:：]|中的?|所述|$)",
        rf"(?:这|這)[段篇]{_ZH}",
        r"(?:^|[^一-鿿]|根据|根據|按照|在|从|從)本文(?=[中所提介描指讨討的作，,是主如将將说說认認])",
        r"(?:^|[^一-鿿]|根据|根據|按照|在|据)(?:上文|文中|原文)(?:(?=[，,中提所指描介说說认認的])|$)",
        rf"(?:该|該)(?:文|{_ZH})(?=中|提|指|所|主要|认|認|介绍|介紹|讨论|討論)",
        r"(?<!的)作者(?=认为|認為|指出|提到|提出|建议|建議|强调|強調|表示|想|主张|主張)",
    ),
    "ru": (
        rf"\b(?:согласно|по) (?:(?:этому|данному|приведённому|приведенному) )?{_RU}у{_END}",
        rf"\b(?:согласно|по мнению) (?:автор[уа]|(?:этой|данной) стать[еи]){_END}",
        r"\bсогласно статье(?=\s*(?:[,.?]|$))",
        rf"\bв (?:этом|данном|приведённом|приведенном) (?:{_RU}е|разделе){_END}",
        r"\bв (?:этой|данной|приведённой|приведенной) статье\b",
        rf"\b(?:упомина|упомянут|описан|описыва|говорит|сказан|обсужда)\w* в {_RU}е{_END}",
        r"\bавтор (?:утверждает|говорит|пишет|считает|описывает|рекомендует|упоминает|имеет в виду)\b",
        r"\b(?:утверждает|говорит|считает|описывает|рекомендует|имеет в виду) автор\b",
    ),
    "ar": (
        r"(?:وفقا|طبقا|تبعا|استنادا الي|بناء علي|حسب|بحسب) "
        rf"(?:(?:ل?هذا |ل?هذه )?{_AR}|لل(?:نص|مقال|مقالة|مقطع|فقرة|مستند|وثيقة|سياق|كاتب|مؤلف))(?!\w)",
        rf"(?:في|من) (?:هذا|هذه) {_AR}(?!\w)",
        rf"(?:المذكور|المذكورة|الوارد|الواردة|ذكر|ذكرت) في {_AR}(?!\w)",
        rf"(?:يقول|يذكر|يصف|يشير|يوضح|يري|يقصد) {_AR}(?!\w)",
    ),
    "hi": (
        rf"(?:इस|दिए गए|दिये गये|उपरोक्त|प्रस्तुत|उपर्युक्त) {_HI}(?= |[,?।]|$)",
        rf"{_HI} के अनुसार",
        r"(?:^|[ ,])(?:लेखक|लेखिका) (?:के अनुसार|क्या कह|क्या मान|का मानना|का कहना)",
    ),
    "ko": (
        rf"(?:^|[ ,])(?:이|본|위|해당|주어진|제시된) ?{_KO}(?:에|의|은|는|에서|을|를|이|가)",
        rf"(?:^|[ ,])다음 ?{_KO}에(?:서| 따르면)",
        rf"(?:^|[ ,])(?:{_KO}|저자|필자|글쓴이)에 (?:따르면|의하면)",
        r"(?:^|[ ,])본문에서 (?:언급|설명|말하|다루|소개)",
        r"(?<!의 )(?:저자|필자|글쓴이)(?:는|가)(?! ?누구)",
    ),
    "pl": (
        r"\b(?:według|zgodnie z) (?:tego |tym )?(?:tekst(?:u|em)|autor(?:a|em)|fragment(?:u|em))\b",
        r"\bw tym tekście\b",
    ),
    "tr": (r"\b(?:metne|yazara|parçaya|makaleye) göre\b", r"\bbu (?:metinde|parçada|makalede|belgede)\b"),
    "sv": (r"\benligt (?:texten|artikeln|författaren|dokumentet)\b", r"\bi (?:denna|den här) (?:text|artikel)\b"),
    "da": (
        r"\bifølge (?:teksten|artikl?en|artikkelen|forfatteren|dokumentet)\b",
        r"\bi denne (?:tekst|artikel|artikkel)",
    ),
    "cs": (r"\bpodle (?:tohoto )?(?:textu|autora|článku)\b", r"\bv tomto (?:textu|článku|dokumentu)\b"),
    "uk": (r"\bзгідно з (?:цим )?(?:текстом|уривком|документом)\b", r"\b[ву] цьому (?:тексті|уривку|документі)\b"),
    "vi": (r"\btheo (?:đoạn văn|văn bản|bài viết|tác giả)\b", r"\btrong (?:đoạn văn|văn bản|bài viết) này\b"),
    "id": (
        r"\bmenurut (?:teks|bacaan|artikel|penulis|dokumen)\b",
        r"\b(?:dalam|pada) (?:teks|bacaan|artikel|dokumen) ini\b",
    ),
}
