"""What people of several countries are called, where they live and how they telephone.

The commonest names stand first, so that rank gives frequency (`records.ranked`); behind them comes a long tail that is
put together from parts. Short forms are as people use them, not as any list of a matcher has them.
"""

from __future__ import annotations

from dataclasses import dataclass

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Locale:
    """A country's names and habits."""

    country: str  # as files write it
    share: float  # of all people
    women: Words
    men: Words
    surnames: Words
    beginnings: Words  # of rarer surnames
    endings: Words
    short: dict[str, str]  # first name -> what friends say
    streets: Words  # with {} for the name; the first word that is abbreviated stands in `abbreviated`
    abbreviated: tuple[str, str]  # as written in full -> in short
    places: Words  # from the largest city down
    postcode: str  # '#' a digit, '@' a letter
    calling: str  # country code of telephone numbers
    mobile: Words  # national part without the leading zero, '#' a digit
    landline: Words
    number_first: bool  # '12 High Street', else 'Hauptstrasse 12'
    two_surnames: bool = False


def _words(text: str) -> Words:
    return tuple(word.replace("_", " ") for word in text.split())


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split(":") for pair in text.split())


_ENGLISH_SHORT = _pairs(
    "William:Bill Robert:Bob Richard:Dick James:Jim Elizabeth:Liz Margaret:Maggie Katherine:Kate Thomas:Tom "
    "Michael:Mike David:Dave Christopher:Chris Anthony:Tony Andrew:Andy Stephen:Steve Susan:Sue Patricia:Pat "
    "Jennifer:Jenny Deborah:Debbie Rebecca:Becky Victoria:Vicky Samantha:Sam Alexander:Alex Benjamin:Ben Daniel:Dan "
    "Edward:Ted Joseph:Joe Matthew:Matt Nicholas:Nick Peter:Pete Timothy:Tim Jessica:Jess Catherine:Cathy Barbara:Barb "
    "Kenneth:Ken Ronald:Ron Charles:Charlie John:Jack Christine:Chris Pamela:Pam Jacqueline:Jackie Gregory:Greg "
    "Jeffrey:Jeff Lawrence:Larry Samuel:Sam Frederick:Fred Dorothy:Dot Sandra:Sandy Kimberly:Kim Joshua:Josh "
    "Abigail:Abby Theodore:Ted Philip:Phil Geoffrey:Geoff Gillian:Gill Eleanor:Ellie Raymond:Ray Douglas:Doug "
    "Donald:Don Gerald:Gerry"
)

LOCALES = (
    Locale(
        country="United Kingdom",
        share=0.34,
        women=_words(
            "Margaret Susan Sarah Elizabeth Jennifer Emma Karen Helen Julie Patricia Jacqueline Christine Laura "
            "Rebecca Charlotte Lucy Victoria Hannah Sophie Jessica Amy Olivia Emily Claire Katherine Deborah Gillian "
            "Janet Samantha Nicola Joanne Lisa Michelle Angela Amanda Sharon Tracey Linda Barbara Carol Jane Anne Mary "
            "Jean Dorothy Alice Grace Chloe Megan Lauren Abigail Eleanor Isabella Zoe Ruth Kathleen Pamela Sandra "
            "Sheila Maureen Rachel Louise Kelly Natalie Danielle Stephanie Katie Holly Georgia Bethany Catherine "
            "Heather Lynn"
        ),
        men=_words(
            "David John Michael James Andrew Robert Paul Richard Stephen Christopher Mark Peter Thomas Matthew Daniel "
            "William Anthony Simon Kevin Ian Alan Gary Jonathan Martin Philip Alexander Benjamin Joshua Samuel Jack "
            "Oliver Harry George Charles Edward Joseph Nicholas Timothy Kenneth Brian Graham Colin Neil Barry Keith "
            "Stuart Adam Luke Ryan Liam Nathan Jordan Callum Connor Lewis Jake Aaron Craig Dean Lee Scott Trevor Roger "
            "Derek Terence Raymond Ronald Dennis Geoffrey Frederick Leonard Henry Arthur Theodore Dominic Patrick Sean"
        ),
        surnames=_words(
            "Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Robinson Wright Thompson Evans Walker White "
            "Roberts Green Hall Thomas Clarke Jackson Wood Harris Edwards Turner Martin Cooper Hill Ward Hughes Moore "
            "Clark King Harrison Lewis Baker Lee Allen Morris Khan Scott Watson Davis Parker James Bennett Young "
            "Phillips Richardson Mitchell Bailey Carter Cook Singh Shaw Bell Collins Morgan Kelly Begum Miller Cox "
            "Hussain Marshall Simpson Price Anderson Adams Wilkinson Foster Ali Ellis Murphy Chapman Mason Gray Webb "
            "Rogers Richards Hunt Mills Holmes Palmer Matthews Gibson Fisher Barnes Knight Lloyd Butler Russell Barker"
        ),
        beginnings=_words(
            "Ash Bar Black Brad Bram Brook Burn Butter Carl Chad Cran Dal Dun East Ed Fair Farn Gold Gran Hal Har Hath "
            "Hazel Holl Hort Kel Kings Lang Law Lock Long Maid Mar Mid New Nor Oak Old Pem Pen Rams Red Ridge Ros Row "
            "Ruther Shel Sher Sil South Stan Staple Stock Sut Thorn Trent Under Wake Wal Wat West Whit Win Wood Wor"
        ),
        endings=_words("ton ley ford ham well worth field bury wick by man wood brook den combe stone hurst more s er"),
        short=_ENGLISH_SHORT,
        streets=_words(
            "High_Street Station_Road Church_Road Park_Road {}_Street {}_Road {}_Lane {}_Avenue {}_Close Mill_Lane "
            "{}_Drive {}_Gardens Victoria_Street Queens_Road {}_Court {}_Crescent Albert_Street"
        ),
        abbreviated=("Street", "St"),
        places=_words(
            "London Birmingham Manchester Leeds Glasgow Liverpool Bristol Sheffield Edinburgh Leicester Cardiff "
            "Coventry Nottingham Belfast Hull Plymouth Derby Wolverhampton Southampton Swansea Norwich Oxford Exeter "
            "York Bath Cambridge Ipswich Gloucester Worcester Lincoln Chester Carlisle Durham Lancaster Truro Wells "
            "Ripon Ely"
        ),
        postcode="@@## #@@",
        calling="44",
        mobile=("7### ######",),
        landline=("20 #### ####", "161 ### ####", "1### ######"),
        number_first=True,
    ),
    Locale(
        country="United States",
        share=0.22,
        women=_words(
            "Mary Patricia Jennifer Linda Elizabeth Barbara Susan Jessica Sarah Karen Nancy Lisa Margaret Betty Sandra "
            "Ashley Dorothy Kimberly Emily Donna Michelle Carol Amanda Melissa Deborah Stephanie Rebecca Laura Sharon "
            "Cynthia Kathleen Amy Shirley Angela Helen Anna Brenda Pamela Nicole Ruth Katherine Samantha Christine "
            "Emma Catherine Virginia Debra Rachel Janet Carolyn Maria Heather Diane Julie Joyce Victoria Kelly "
            "Christina Joan Evelyn Lauren Judith Olivia Frances Martha Cheryl Megan Andrea Hannah Jacqueline Jean Alice"
        ),
        men=_words(
            "James John Robert Michael William David Richard Joseph Thomas Charles Christopher Daniel Matthew Anthony "
            "Mark Donald Steven Paul Andrew Joshua Kenneth Kevin Brian George Edward Ronald Timothy Jason Jeffrey Ryan "
            "Jacob Gary Nicholas Eric Jonathan Stephen Larry Justin Scott Brandon Benjamin Samuel Gregory Frank "
            "Alexander Raymond Patrick Jack Dennis Jerry Tyler Aaron Jose Adam Henry Nathan Douglas Zachary Peter Kyle "
            "Walter Ethan Jeremy Harold Keith Christian Roger Noah Gerald Carl Terry Sean Austin Arthur Lawrence Jesse"
        ),
        surnames=_words(
            "Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Gonzalez Wilson "
            "Anderson Thomas Taylor Moore Jackson Martin Lee Perez Thompson White Harris Sanchez Clark Ramirez Lewis "
            "Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill Flores Green Adams Nelson Baker Hall "
            "Rivera Campbell Mitchell Carter Roberts Gomez Phillips Evans Turner Diaz Parker Cruz Edwards Collins "
            "Reyes Stewart Morris Morales Murphy Cook Rogers Gutierrez Ortiz Morgan Cooper Peterson Bailey Reed Kelly "
            "Howard Ramos Kim Cox Ward Richardson Watson Brooks Chavez Wood James Bennett Gray Mendoza Ruiz Hughes"
        ),
        beginnings=_words(
            "Abra Baum Beck Berg Blom Bren Cal Carl Cas Dal Dan Del Dun Eck Fal Fitz Gal Gar Gold Green Hal Ham Hoff "
            "Iver Jans Kauf Kel Kow Krat Lam Land Lar Lev Lind Mac Mal Mar Mc Mel Mon Nor Ols Pal Paw Pet Quin Ras "
            "Rich Ros San Sch Schwar Sil Stein Swan Tor Van Vel Wag Wal Wei Whit Win Ying Zim"
        ),
        endings=_words("son man ski berg er ton field ley stein well ford ano ez ini quist gren ham mond dale more"),
        short=_ENGLISH_SHORT,
        streets=_words(
            "Main_Street Oak_Street Park_Avenue {}_Street {}_Avenue {}_Road {}_Drive {}_Lane Maple_Street {}_Boulevard "
            "Washington_Street Second_Street Cedar_Avenue {}_Court {}_Place Elm_Street Lake_Drive"
        ),
        abbreviated=("Street", "St"),
        places=_words(
            "New_York Los_Angeles Chicago Houston Phoenix Philadelphia San_Antonio San_Diego Dallas Austin Columbus "
            "Charlotte Seattle Denver Boston Nashville Detroit Portland Memphis Louisville Baltimore Milwaukee Tucson "
            "Fresno Sacramento Omaha Raleigh Oakland Tulsa Wichita Boise Toledo Madison Reno Salem Eugene Macon Provo"
        ),
        postcode="#####",
        calling="1",
        mobile=("(2##) 55#-####", "(4##) 55#-####", "(7##) 38#-####"),
        landline=("(3##) 26#-####", "(6##) 47#-####"),
        number_first=True,
    ),
    Locale(
        country="Germany",
        share=0.18,
        women=_words(
            "Maria Ursula Anna Monika Petra Elisabeth Sabine Renate Helga Karin Brigitte Ingrid Erika Andrea Gisela "
            "Claudia Susanne Gabriele Christa Christine Hildegard Anja Barbara Martina Birgit Stefanie Julia Katharina "
            "Nicole Heike Angelika Sandra Christina Laura Sarah Lisa Lena Johanna Sophie Emma Mia Hannah Lea Charlotte "
            "Franziska Melanie Daniela Tanja Silke Ute Marion Cornelia Bettina Kerstin Simone Annette Margarete Eva"
        ),
        men=_words(
            "Peter Michael Thomas Andreas Wolfgang Klaus Jürgen Günter Stefan Christian Uwe Werner Horst Frank Dieter "
            "Manfred Gerhard Hans Bernd Thorsten Matthias Helmut Walter Heinz Martin Jörg Rolf Jens Sven Alexander Jan "
            "Rainer Holger Karl Dirk Joachim Ralf Karlheinz Herbert Markus Daniel Tobias Sebastian Florian Maximilian "
            "Lukas Felix Paul Leon Jonas Philipp Johannes Friedrich Oliver Carsten Volker Rüdiger Kai Heinrich Johann"
        ),
        surnames=_words(
            "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Koch Bauer Richter "
            "Klein Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Schmitt Werner Schmitz "
            "Krause Meier Lehmann Schmid Schulze Maier Köhler Herrmann König Walter Mayer Huber Kaiser Fuchs Peters "
            "Lang Scholz Möller Weiß Jung Hahn Schubert Vogel Friedrich Keller Günther Frank Berger Winkler Roth Beck "
            "Lorenz Baumann Franke Albrecht Schuster Simon Ludwig Böhm Winter Kraus Martin Schumacher Krämer Vogt "
            "Stein Jäger"
        ),
        beginnings=_words(
            "Acker Alten Bach Baum Berg Birken Brand Breit Brink Buch Burg Diet Eber Eichen Engel Feld Franken Frei "
            "Gold Grün Haber Hage Hasel Heid Hell Hirsch Hohen Holz Kalt Kirch Kles Knob Kreuz Land Lind Loh Morgen "
            "Nagel Neu Ober Oster Pfeil Ritter Rosen Roten Sand Schön Silber Sonnen Steg Stein Stoll Tann Wald Weiden"
        ),
        endings=_words("mann er bach berg feld hof meier mayer hauer stein thal au müller ing ler haus beck ke"),
        short=_pairs(
            "Johannes:Hannes Katharina:Kathi Elisabeth:Lisa Alexander:Alex Maximilian:Max Sebastian:Basti "
            "Stefanie:Steffi Wolfgang:Wolf Friedrich:Fritz Heinrich:Heiner Michael:Michi Thomas:Tom Andreas:Andi "
            "Christian:Chris Susanne:Susi Gabriele:Gabi Christine:Tine Franziska:Franzi Daniela:Dani Margarete:Grete "
            "Johanna:Hanna Matthias:Matze Tobias:Tobi Philipp:Flip Florian:Flo Ursula:Uschi Angelika:Geli Klaus:Klausi "
            "Johann:Hans"
        ),
        streets=_words(
            "Hauptstraße Bahnhofstraße Schulstraße Gartenstraße {}straße {}weg {}allee Dorfstraße Bergstraße {}gasse "
            "Lindenstraße Birkenweg {}platz Kirchstraße Waldstraße Ringstraße {}ring"
        ),
        abbreviated=("straße", "str."),
        places=_words(
            "Berlin Hamburg München Köln Frankfurt Stuttgart Düsseldorf Leipzig Dortmund Essen Bremen Dresden Hannover "
            "Nürnberg Duisburg Bochum Wuppertal Bielefeld Bonn Münster Karlsruhe Mannheim Augsburg Wiesbaden Kiel "
            "Aachen Halle Magdeburg Freiburg Krefeld Lübeck Erfurt Mainz Rostock Kassel Trier Jena Ulm Siegen Worms "
            "Gera Celle"
        ),
        postcode="#####",
        calling="49",
        mobile=("15# ########", "17# #######", "16# #######"),
        landline=("30 #######", "89 #######", "2## ######", "6### #####"),
        number_first=False,
    ),
    Locale(
        country="France",
        share=0.12,
        women=_words(
            "Marie Nathalie Isabelle Sylvie Catherine Françoise Martine Christine Monique Valérie Sandrine Véronique "
            "Nicole Stéphanie Sophie Anne Céline Chantal Patricia Brigitte Annie Julie Laurence Aurélie Christiane "
            "Dominique Jacqueline Virginie Laura Camille Émilie Hélène Léa Manon Chloé Emma Sarah Pauline Mathilde "
            "Charlotte Élodie Caroline Audrey Karine Corinne Delphine Florence Michèle Danielle Denise Simone Élise"
        ),
        men=_words(
            "Jean Michel Philippe Pierre Alain Nicolas Christophe Patrick Laurent Frédéric Daniel Bernard Christian "
            "Stéphane Éric David Pascal Thierry Julien Olivier Sébastien Gérard Alexandre Thomas Jacques François "
            "Dominique Guillaume Vincent Bruno Maxime Didier Antoine Anthony Romain Hugo Lucas Théo Louis Gabriel "
            "Mathieu Benjamin Marc Serge Claude André Robert Yves Hervé Gilles Franck Cédric Fabrice Jérôme Henri Paul"
        ),
        surnames=_words(
            "Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefebvre Leroy Roux "
            "David Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent Muller Lefèvre Faure "
            "André Mercier Blanc Guérin Boyer Garnier Chevalier François Legrand Gauthier Garcia Perrin Robin Clément "
            "Morin Nicolas Henry Roussel Mathieu Gautier Masson Marchand Duval Denis Dumont Marie Lemaire Noël Meyer "
            "Dufour Meunier Brun Blanchard Giraud Joly Rivière Lucas Brunet Gaillard Barbier Arnaud Martinez Gérard"
        ),
        beginnings=_words(
            "Au Bar Beau Ber Blan Bois Bon Bou Bour Bru Cas Cha Char Clo Cor Cou Dela Des Du Dela Es Fa Fleu For Fro "
            "Gail Gas Gou Gran Gri Guil Ha Jou La Lan Le Mai Mar Mon Mont Mou Nou Pa Pel Per Pica Pon Re Ro Sau Tar "
            "Tou Val Vau Ver Vil"
        ),
        endings=_words("ard ault don eau ier in ot net lier ville mont chet rand lard teau din son rel tin vin"),
        short=_pairs(
            "Catherine:Cathy Stéphanie:Steph Alexandre:Alex Nicolas:Nico Christophe:Chris Frédéric:Fred Sébastien:Seb "
            "Philippe:Phil Patricia:Pat Isabelle:Isa Valérie:Val Sandrine:Sandy Mathieu:Mat Benjamin:Ben Maxime:Max "
            "Guillaume:Guigui Dominique:Dom Caroline:Caro Virginie:Virg Nathalie:Nath Laurence:Lolo Michel:Mich "
            "Daniel:Dany"
        ),
        streets=_words(
            "rue_de_la_Gare rue_de_l'Église rue_{} avenue_{} rue_du_{} place_{} boulevard_{} rue_Victor_Hugo "
            "rue_des_Écoles rue_Pasteur avenue_Jean_Jaurès chemin_{} impasse_{} rue_de_la_Mairie"
        ),
        abbreviated=("avenue", "av."),
        places=_words(
            "Paris Marseille Lyon Toulouse Nice Nantes Montpellier Strasbourg Bordeaux Lille Rennes Reims Toulon "
            "Grenoble Dijon Angers Nîmes Villeurbanne Clermont-Ferrand Brest Tours Limoges Amiens Metz Perpignan "
            "Besançon Orléans Rouen Mulhouse Caen Nancy Avignon Poitiers Pau Calais Cannes Colmar Bourges Niort "
            "Chambéry Annecy Beauvais"
        ),
        postcode="#####",
        calling="33",
        mobile=("6 ## ## ## ##", "7 ## ## ## ##"),
        landline=("1 ## ## ## ##", "4 ## ## ## ##"),
        number_first=True,
    ),
    Locale(
        country="Spain",
        share=0.07,
        women=_words(
            "María Carmen Ana Isabel Laura Cristina Marta Dolores Lucía Pilar Elena Raquel Sara Paula Rosa Manuela "
            "Mercedes Rosario Beatriz Teresa Julia Silvia Irene Alba Patricia Montserrat Andrea Rocío Mónica Alicia "
            "Ángela Sonia Sandra Marina Susana Natalia Yolanda Margarita Eva Inmaculada Claudia Esther Ángeles Noelia"
        ),
        men=_words(
            "Antonio Manuel José Francisco David Juan Javier Daniel Jesús Carlos Alejandro Miguel Rafael Pedro Pablo "
            "Ángel Sergio Fernando Jorge Luis Alberto Álvaro Diego Adrián Raúl Enrique Ramón Vicente Iván Rubén Óscar "
            "Andrés Joaquín Santiago Eduardo Víctor Mario Roberto Jaime Marcos Ignacio Alfonso Jordi Salvador Ricardo "
            "Hugo"
        ),
        surnames=_words(
            "García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Hernández Ruiz Díaz "
            "Moreno Muñoz Álvarez Romero Gutiérrez Alonso Navarro Torres Domínguez Ramos Vázquez Ramírez Gil Serrano "
            "Molina Morales Blanco Suárez Castro Ortega Delgado Ortiz Marín Rubio Núñez Medina Sanz Castillo Iglesias "
            "Cortés Garrido Santos Guerrero Lozano Cano Cruz Méndez Flores Prieto Herrera Peña León Márquez Cabrera"
        ),
        beginnings=_words(
            "Al Ara Bar Be Bena Cal Car Casa Ces Cor Du Es Fon Gar Gui Ila La Lo Mon Na Or Pala Qui Re Sal"
        ),
        endings=_words("ba cedo dez era gón lla llo mora nza ño rra rro sa sta tía ta vedra zar"),
        short=_pairs(
            "Francisco:Paco José:Pepe Manuel:Manolo Dolores:Lola Isabel:Isa Antonio:Toni Rafael:Rafa Alejandro:Álex "
            "Javier:Javi Jesús:Chus Fernando:Nando Enrique:Quique Ignacio:Nacho Mercedes:Merche Rosario:Charo "
            "Teresa:Tere Beatriz:Bea Montserrat:Montse Eduardo:Edu Santiago:Santi Cristina:Cris Concepción:Concha "
            "Roberto:Rober"
        ),
        streets=_words(
            "Calle_Mayor Calle_Real Calle_{} Avenida_{} Plaza_{} Calle_Nueva Paseo_{} Calle_del_{} Ronda_{}"
        ),
        abbreviated=("Calle", "C/"),
        places=_words(
            "Madrid Barcelona Valencia Sevilla Zaragoza Málaga Murcia Palma Bilbao Alicante Córdoba Valladolid Vigo "
            "Gijón Granada Oviedo Cartagena Jerez Pamplona Almería Santander Burgos Albacete Logroño Badajoz Salamanca "
            "Huelva"
        ),
        postcode="#####",
        calling="34",
        mobile=("6## ### ###",),
        landline=("91 ### ## ##", "93 ### ## ##"),
        number_first=False,
        two_surnames=True,
    ),
    Locale(
        country="Netherlands",
        share=0.07,
        women=_words(
            "Maria Johanna Anna Cornelia Elisabeth Wilhelmina Catharina Adriana Hendrika Petronella Margaretha Sanne "
            "Lisa Emma Julia Sophie Anne Laura Eva Lotte Fleur Iris Femke Marieke Linda Esther Monique Ingrid Saskia "
            "Marloes Inge Annemarie Karin Jacqueline Astrid Mirjam Petra Wendy Kim Nienke Ilse Roos Maaike Tessa"
        ),
        men=_words(
            "Johannes Jan Cornelis Hendrik Willem Pieter Gerrit Jacobus Petrus Peter Daan Sem Lucas Thomas Tim Bram "
            "Lars Jeroen Mark Marcel Erik Dennis Martijn Michiel Bas Ruben Jasper Sander Rob Frank Wouter Maarten Bart "
            "Joost Niels Kees Theo Henk Dirk Arjan Rik Koen Stefan Patrick Antonius Adrianus Hans Paul Robert Edwin "
            "Ronald"
        ),
        surnames=_words(
            "de_Jong Jansen de_Vries van_den_Berg van_Dijk Bakker Janssen Visser Smit Meijer de_Boer Mulder de_Groot "
            "Bos Vos Peters Hendriks van_Leeuwen Dekker Brouwer de_Wit Dijkstra Smits de_Graaf van_der_Meer Kok Jacobs "
            "de_Haan Vermeulen van_den_Heuvel van_der_Veen van_den_Broek de_Bruijn Schouten van_Beek Willems van_Vliet "
            "Hoekstra Maas Verhoeven Koster van_Dam Prins Blom Huisman Peeters Kuipers van_Veen Post Kuiper Veenstra"
        ),
        beginnings=_words(
            "Aal Bier Boer Bruin Dijk Eijk Groen Hart Hoog Hout Kamp Klein Koop Lange Meer Nie Oost Riet Steen"
        ),
        endings=_words("ma stra sma man huis veld mans hof horst berg kamp sen ers dijk hoek inga ink"),
        short=_pairs(
            "Johannes:Hans Cornelis:Kees Hendrik:Henk Willem:Wim Pieter:Piet Jacobus:Koos Johanna:Joke Elisabeth:Els "
            "Wilhelmina:Mien Catharina:Toos Margaretha:Greet Antonius:Ton Adrianus:Ad Gerrit:Ger Cornelia:Corrie "
            "Petrus:Peter"
        ),
        streets=_words(
            "Dorpsstraat Kerkstraat Molenweg Schoolstraat {}straat {}weg {}laan Hoofdstraat Stationsweg {}plein"
        ),
        abbreviated=("straat", "str."),
        places=_words(
            "Amsterdam Rotterdam Utrecht Eindhoven Groningen Tilburg Almere Breda Nijmegen Apeldoorn Haarlem Arnhem "
            "Enschede Amersfoort Zaandam Zwolle Leiden Dordrecht Maastricht Delft Alkmaar Venlo Deventer Hilversum "
            "Gouda Hoorn Assen"
        ),
        postcode="#### @@",
        calling="31",
        mobile=("6 ########",),
        landline=("20 ### ####", "10 ### ####"),
        number_first=False,
    ),
)

# Parts of rarer first names, of any country.
FIRST_BEGINNINGS = _words(
    "Ada Al Ama An Ari Bel Ca Ce Da De Di E El Fa Fe Gia Ha I Ja Je Ka Ke La Le Li Lo Ma Me Mi Na Ne Ni No O Pa Ra Re "
    "Ri Ro Sa Se Sha Si So Ta Te Ti Va Vi Xa Ya Yu Za Zo"
)
FIRST_ENDINGS = {
    "women": _words("bella da lia lina mara na nia nora ra ria sha ssa ta tia tte va via ya yah zia"),
    "men": _words("bert bin dan den der din dro go lan lek lin mal mir mon nan nas nio rick ron sim tan vin von zar"),
}
MAIL_HOSTS = _words(
    "gmail.com hotmail.com yahoo.com outlook.com icloud.com gmx.de web.de orange.fr btinternet.com aol.com live.com "
    "t-online.de free.fr ziggo.nl telefonica.net proton.me comcast.net virginmedia.com posteo.de laposte.net"
)
COMPANY_WORDS = _words(
    "Alpha Nord Blue Prime Delta Green Summit Harbour Castle River Stone Bright Silver Union Global Metro Central "
    "Crown Falcon Lotus Orion Pioneer Quantum Royal Star Swift Titan Urban Vista Zenith Apex Beacon Cedar Echo Forge "
    "Granite"
)
COMPANY_TRADES = _words(
    "Foods Logistics Design Media Engineering Trading Solutions Interiors Textiles Consulting Labs Print"
)
COMPANY_FORMS = _words("Ltd Limited GmbH Inc SARL B.V. & Co LLC S.L. plc")
