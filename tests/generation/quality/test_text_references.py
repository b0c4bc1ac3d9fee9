"""Which questions speak of "the text", and which speak about texts."""

import pytest

from tests.generation.quality.pair_making import PARAPHRASES, PASSAGES, QA, make_pair
from tfsiamese.generation.quality.reasons import NAMES_TEXT
from tfsiamese.generation.quality.text_references import check_text_references, text_reference

NAMING = """
According to the text, what is the capital of France?
What does the author state about taxes?
What is mentioned in this passage about gradients?
What are the three steps described in the document?
Based on the context, which optimizer is used?
Based on the provided text, which optimizer is used?
Which method is recommended in the above section?
What is the main idea of the passage?
What does the passage say about retries?
Which year is mentioned in the text?
What is the purpose of this document?
How does the author explain the failure?
What does the given excerpt describe in this article?
As mentioned above, what is the limit?
Was ist laut dem Text die Hauptstadt?
Welche Vorteile werden im Text genannt?
Was empfiehlt der Autor?
Was beschreibt dieser Abschnitt?
Welche Methode wird in diesem Dokument verwendet?
Selon le texte, quelle est la limite ?
Que dit l'auteur à propos de la loi ?
D'après ce passage, qui a gagné ?
Quels outils sont mentionnés dans le document ?
Según el texto, ¿cuál es el límite?
¿Qué dice el autor sobre los impuestos?
¿Qué se describe en este documento?
Secondo il testo, qual è il limite?
Cosa afferma l'autore?
Quali strumenti sono citati nel brano?
Segundo o texto, qual é o limite?
De acordo com o autor, o que mudou?
O que é descrito neste artigo?
Volgens de tekst, wat is de limiet?
Wat bedoelt de schrijver?
本文によると、上限はいくつですか？
この文章では何が説明されていますか？
文中で述べられている利点は何ですか？
著者は何を主張していますか？
このドキュメントの目的は何ですか？
根据本文，上限是多少？
根据这段文字，谁是作者？
文中提到的优点是什么？
本文主要介绍了什么？
作者认为什么最重要？
根據文章，上限是多少？
Согласно тексту, какой предел?
Что утверждает автор?
Какие методы описаны в этом документе?
وفقًا للنص، ما هو الحد الأقصى؟
ما المقصود في هذا النص؟
ماذا يقول الكاتب عن الضرائب؟
इस पाठ के अनुसार सीमा क्या है?
गद्यांश में दिए गए लेख के अनुसार क्या सही है?
लेखक के अनुसार क्या सही है?
이 글에 따르면 한도는 얼마입니까?
본문에서 언급된 장점은 무엇인가요?
저자는 무엇을 주장하나요?
Według tekstu, jaki jest limit?
Enligt texten, vad är gränsen?
Welche Frist nennt der Autor laut diesem Artikel?
다음 글에서 설명하는 것은 무엇인가?
"""

INNOCENT = """
What is a text encoder?
How do I extract text from a PDF?
What does the document type definition do?
Which section of the Companies Act applies to small firms?
According to Article 5 of the treaty, who may vote?
According to the author of Faust, what is evil?
How do I find a word in the text?
Which fonts are used in the document?
What is in the context menu?
How are context managers written in Python?
How does autocomplete suggest words based on the context?
How do I align text above an image?
What does the author field of a package contain?
Who is the author of Faust?
What does the above operator do in CSS?
How do I copy a paragraph from one document to another?
What does Section 230 say?
What is the text of the First Amendment about?
How does the writer class flush its buffer?
What does the article of incorporation state?
How do I set the passage prompt of an encoder?
How is the document frequency of a word computed?
What do the sections of an ELF file contain?
Wie suche ich im Text?
Was regelt Artikel 5 des Grundgesetzes?
Laut Artikel 5 GG, was ist frei?
Welcher Autor schrieb Faust?
Wie füge ich ein Bild in ein Dokument ein?
Was sagt das Gesetz über Fristen?
Comment extraire le texte d'un PDF ?
Selon l'article 5 du traité, qui peut voter ?
Quel est l'auteur de Candide ?
¿Cómo extraigo texto de un PDF?
Según el artículo 5 de la ley, ¿quién puede votar?
¿Quién es el autor de Don Quijote?
Come estraggo il testo da un PDF?
Secondo l'articolo 5 della legge, chi può votare?
Como extraio o texto de um PDF?
Segundo o artigo 5 da lei, quem pode votar?
Hoe haal ik tekst uit een pdf?
メールの本文を取得するにはどうすればよいですか？
メールの本文にリンクを入れる方法は？
『雪国』の著者は誰ですか？
日本文化とは何ですか？
英文中の単語を数える方法は？
テキストエンコーダとは何ですか？
如何从文本文件中读取数据？
日本文学的特点是什么？
基本文法是什么？
如何根据文本内容自动分类？
《红楼梦》的作者是谁？
论文中如何引用图片？
Как извлечь текст из PDF?
Согласно статье 5 закона, кто может голосовать?
Кто автор романа «Идиот»?
كيف أستخرج النص من ملف؟
من هو مؤلف الكتاب؟
पाठ एनकोडर क्या है?
PDF से पाठ कैसे निकालें?
텍스트 인코더란 무엇인가요?
이 책의 저자는 누구입니까?
메일 본문에서 링크를 추출하는 방법은?
이메일 본문에 이미지를 넣는 방법은?
글쓰기 앱을 설치하는 방법은?
다음 문서를 변환하는 방법은?
Was folgt in einer Seite nach dem Text?
How does the passage of time change memory?
What is the extract, transform, load pattern?
"""


@pytest.mark.parametrize("question", NAMING.strip().splitlines())
def test_a_question_that_needs_the_text_before_it_is_found(question):
    assert text_reference(question)


@pytest.mark.parametrize("question", INNOCENT.strip().splitlines())
def test_a_question_about_texts_or_a_named_text_is_left_alone(question):
    assert text_reference(question) is None


def test_arabic_is_found_with_vowels_and_without():
    assert text_reference("وفقًا للنص، ما هو الحد؟")
    assert text_reference("وفقا للنص، ما هو الحد؟")


def test_case_width_and_line_breaks_do_not_hide_a_reference():
    assert text_reference("ACCORDING\n  TO ＴＨＥ text, what is a gateway?") == "ACCORDING TO THE text"


def test_the_detail_quotes_the_words():
    found = check_text_references(make_pair("What does the author say about gateways?"), PASSAGES)
    assert found == (NAMES_TEXT, "'the author say'")


def test_sentences_of_a_paraphrase_may_speak_of_a_text():
    pair = make_pair("In this article we show a gateway.", "This article shows a gateway.")
    assert check_text_references(pair, PARAPHRASES) is None


def test_an_answer_may_name_the_text_in_the_words_of_its_passage_only():
    passage = "Gateways need care. As mentioned above, idle ones are closed by the client after ninety seconds."
    own = make_pair("When is a gateway closed?", "According to the text, after ninety seconds.", passage=passage)
    quoted = make_pair("When is a gateway closed?", "As mentioned above, idle ones are closed.", passage=passage)
    assert check_text_references(own, QA).reason == NAMES_TEXT
    assert check_text_references(quoted, QA) is None
