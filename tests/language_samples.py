"""Sentences written for the tests of language: for each a short one, and a longer passage."""

SAMPLES = {
    "en": (
        "Please send me the signed charter today.",
        "The ship left the harbour two days late because the crane had failed. We do not think "
        "that the owners can claim demurrage for this time, but they have asked for it in "
        "every letter.",
    ),
    "de": (
        "Bitte schicken Sie mir den Vertrag noch heute.",
        "Das Schiff hat den Hafen zwei Tage zu spät verlassen, weil der Kran ausgefallen war. "
        "Wir glauben nicht, dass die Reeder dafür Liegegeld verlangen können, aber sie tun es "
        "trotzdem.",
    ),
    "fr": (
        "Merci de m'envoyer le contrat aujourd'hui.",
        "Le navire a quitté le port avec deux jours de retard parce que la grue était en "
        "panne. Nous ne pensons pas que les armateurs puissent réclamer quelque chose pour "
        "cette attente.",
    ),
    "es": (
        "Por favor, envíeme hoy el contrato firmado.",
        "El barco salió del puerto con dos días de retraso porque la grúa estaba averiada. No "
        "creemos que los armadores puedan reclamar nada por este tiempo, pero lo han pedido "
        "varias veces.",
    ),
    "it": (
        "Per favore, mandami oggi il contratto firmato.",
        "La nave ha lasciato il porto con due giorni di ritardo perché la gru era guasta. Non "
        "crediamo che gli armatori possano chiedere qualcosa per questo tempo, ma lo hanno "
        "fatto.",
    ),
    "pt": (
        "Por favor, envie-me hoje o contrato assinado.",
        "O navio deixou o porto com dois dias de atraso porque o guindaste estava avariado. "
        "Não acreditamos que os armadores possam exigir alguma coisa por esse tempo, mas já o "
        "pediram.",
    ),
    "nl": (
        "Stuur mij vandaag nog het getekende contract.",
        "Het schip heeft de haven twee dagen te laat verlassen omdat de kraan kapot was. Wij "
        "denken niet dat de reders hiervoor iets kunnen eisen, maar zij hebben er al vaak om "
        "gevraagd.",
    ),
    "sv": (
        "Skicka mig gärna det undertecknade avtalet i dag.",
        "Fartyget lämnade hamnen två dagar för sent eftersom kranen var trasig. Vi tror inte "
        "att rederiet kan kräva någonting för den här tiden, men de har bett om det flera "
        "gånger.",
    ),
    "da": (
        "Send mig venligst den underskrevne aftale i dag.",
        "Skibet forlod havnen to dage for sent, fordi kranen var gået i stykker. Vi tror ikke, "
        "at rederiet kan kræve noget for denne tid, men det har de bedt om adskillige gange.",
    ),
    "no": (
        "Vennligst send meg den signerte avtalen nå i dag.",
        "Skipet forlot havnen to dager for sent fordi kranen hadde gått i stykker. Vi tror "
        "ikke at rederiet kan kreve noe for denne tiden, men det har de bedt oss om flere "
        "ganger.",
    ),
    "fi": (
        "Lähettäkää minulle allekirjoitettu sopimus tänään.",
        "Laiva lähti satamasta kaksi päivää myöhässä, koska nosturi oli rikki. Emme usko, että "
        "varustamo voi vaatia tästä ajasta mitään, mutta he ovat pyytäneet sitä monta kertaa.",
    ),
    "pl": (
        "Proszę przesłać mi dzisiaj podpisaną umowę.",
        "Statek opuścił port z dwudniowym opóźnieniem, ponieważ zepsuł się dźwig. Nie sądzimy, "
        "żeby armatorzy mogli żądać czegokolwiek za ten czas, ale prosili o to już kilka razy.",
    ),
    "cs": (
        "Pošlete mi prosím ještě dnes podepsanou smlouvu.",
        "Loď opustila přístav o dva dny později, protože se rozbil jeřáb. Nemyslíme si, že by "
        "majitelé mohli za tuto dobu něco požadovat, ale už o to několikrát žádali.",
    ),
    "hu": (
        "Kérem, küldje el nekem még ma az aláírt szerződést.",
        "A hajó két nap késéssel hagyta el a kikötőt, mert elromlott a daru. Nem hisszük, hogy "
        "a tulajdonosok bármit is követelhetnek erre az időre, de már többször kérték.",
    ),
    "ro": (
        "Vă rog să îmi trimiteți astăzi contractul semnat.",
        "Nava a părăsit portul cu două zile întârziere pentru că macaraua era defectă. Nu "
        "credem că armatorii pot cere ceva pentru acest timp, dar au cerut deja de mai multe "
        "ori.",
    ),
    "tr": (
        "Lütfen imzalı sözleşmeyi bana bugün gönderin.",
        "Gemi, vinç bozulduğu için limandan iki gün geç ayrıldı. Armatörlerin bu süre için bir "
        "şey talep edebileceğini düşünmüyoruz, ama bunu birkaç kez istediler.",
    ),
    "id": (
        "Tolong kirimkan kontrak yang sudah ditandatangani hari ini.",
        "Kapal itu meninggalkan pelabuhan terlambat dua hari karena dereknya rusak. Kami tidak "
        "percaya bahwa pemilik kapal dapat menuntut apa pun untuk waktu itu, tetapi mereka "
        "memintanya.",
    ),
    "vi": (
        "Xin vui lòng gửi cho tôi hợp đồng đã ký hôm nay.",
        "Con tàu rời cảng chậm hai ngày vì cần cẩu bị hỏng. Chúng tôi không nghĩ rằng chủ tàu "
        "có thể đòi bồi thường cho thời gian này, nhưng họ đã yêu cầu nhiều lần.",
    ),
    "ru": (
        "Пожалуйста, пришлите мне сегодня подписанный договор.",
        "Судно вышло из порта с опозданием на два дня, потому что сломался кран. Мы не думаем, "
        "что судовладельцы могут что-то требовать за это время, но они уже просили об этом.",
    ),
    "uk": (
        "Будь ласка, надішліть мені сьогодні підписаний договір.",
        "Судно вийшло з порту із запізненням на два дні, бо зламався кран. Ми не вважаємо, що "
        "судновласники можуть щось вимагати за цей час, але вони вже просили про це.",
    ),
    "bg": (
        "Моля, изпратете ми днес подписания договор.",
        "Корабът напусна пристанището с два дни закъснение, защото кранът се беше повредил. Не "
        "мислим, че собствениците могат да искат нещо за това време, но вече са го искали.",
    ),
    "el": (
        "Παρακαλώ στείλτε μου σήμερα το υπογεγραμμένο συμβόλαιο.",
        "Το πλοίο έφυγε από το λιμάνι με δύο ημέρες καθυστέρηση, επειδή ο γερανός είχε "
        "χαλάσει. Δεν πιστεύουμε ότι οι πλοιοκτήτες μπορούν να ζητήσουν κάτι για αυτόν τον "
        "χρόνο.",
    ),
    "ar": (
        "من فضلك أرسل لي العقد الموقع اليوم.",
        "غادرت السفينة الميناء متأخرة يومين لأن الرافعة تعطلت. لا نعتقد أن المالكين يستطيعون "
        "المطالبة بأي شيء عن هذا الوقت، لكنهم طلبوا ذلك عدة مرات.",
    ),
    "fa": (
        "لطفاً قرارداد امضا شده را امروز برای من بفرستید.",
        "کشتی با دو روز تأخیر بندر را ترک کرد، چون جرثقیل خراب شده بود. ما فکر نمی‌کنیم که "
        "مالکان بتوانند برای این مدت چیزی بخواهند، اما چند بار آن را خواسته‌اند.",
    ),
    "he": (
        "נא לשלוח לי היום את החוזה החתום.",
        "הספינה עזבה את הנמל באיחור של יומיים כי המנוף התקלקל. איננו חושבים שהבעלים יכולים "
        "לתבוע משהו על הזמן הזה, אבל הם כבר ביקשו זאת כמה פעמים.",
    ),
    "hi": (
        "कृपया मुझे हस्ताक्षर किया हुआ अनुबंध आज भेजें।",
        "क्रेन खराब होने के कारण जहाज दो दिन की देरी से बंदरगाह से निकला। हमें नहीं लगता कि "
        "मालिक इस समय के लिए कुछ मांग सकते हैं, लेकिन उन्होंने कई बार यह मांगा है।",
    ),
    "th": (
        "กรุณาส่งสัญญาที่ลงนามแล้วให้ฉันวันนี้",
        "เรือออกจากท่าช้าไปสองวันเพราะเครนเสีย "
        "เราไม่คิดว่าเจ้าของเรือจะเรียกร้องอะไรได้สำหรับเวลานี้ แต่พวกเขาขอมาหลายครั้งแล้ว",
    ),
    "ko": (
        "서명한 계약서를 오늘 보내 주시기 바랍니다.",
        "크레인이 고장 나서 배가 이틀 늦게 항구를 떠났습니다. 우리는 선주가 이 시간에 대해 "
        "아무것도 요구할 수 없다고 생각하지만, 그들은 이미 여러 번 요청했습니다.",
    ),
    "ja": (
        "署名済みの契約書を本日お送りください。",
        "クレーンが故障したため、船は二日遅れて港を出ました。この時間について船主が何かを請求で"
        "きるとは思いませんが、すでに何度も求められています。",
    ),
    "zh": (
        "请今天把签好的合同发给我。",
        "由于起重机发生故障，船晚了两天才离开港口。我们认为船东不能就这段时间提出任何要求，但是"
        "他们已经要求过好几次了。",
    ),
}
