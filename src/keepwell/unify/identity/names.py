"""First names and the short forms that people use for them, as a small table beside the records."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pyarrow as pa

from keepwell.engine import Engine
from keepwell.unify.identity.text import folded_text

if TYPE_CHECKING:
    import ibis.expr.types as ir

# The package nicknames knows English names. Short forms of other languages, as name:short[,short].
OTHERS = (
    "johannes:hans,hannes,jo,jan johann:hans,hannes,jo katharina:kathi,kati,kaethe,katja,kathrin "
    "elisabeth:lisa,else,elli,sissi,lisbeth,bettina,els,lies alexander:alex,sascha,sandro maximilian:max,maxi "
    "sebastian:basti,bastian stefanie:steffi,stephanie stephanie:steffi,stefanie,steph wolfgang:wolf "
    "friedrich:fritz,fred,frieder heinrich:heiner,heinz,henrik michael:michi,michel,micha thomas:tom "
    "andreas:andi,andre christian:chris christine:tina,tine,christl,chris christina:tina,chris susanne:susi,sanne "
    "gabriele:gabi franziska:franzi,franz daniela:dani margarete:grete,gretel,marga,greta "
    "johanna:hanna,hanni,jo,joke matthias:matze,hias tobias:tobi philipp:flip,phil florian:flo "
    "ursula:uschi,ulla,ursel angelika:geli,angie klaus:klausi georg:schorsch joseph:sepp,seppi,jupp "
    "josef:sepp,seppi,jupp,beppo ludwig:lutz,wiggerl benedikt:ben,bene dominik:nik ulrich:uli ulrike:uli,ulli "
    "barbara:babsi,baerbel brigitte:gitte,biggi rosemarie:rosi rudolf:rudi walter:walli wilhelm:willi,helm "
    "wilhelmina:mina,mien,minna manfred:manni hannelore:lore,hanne catherine:cathy,kate,cat alexandre:alex "
    "nicolas:nico,niko nikolaus:nik,klaus,niko christophe:chris,tophe frederic:fred,fredo sebastien:seb,bastien "
    "philippe:phil,philou patricia:pat,patty isabelle:isa,belle valerie:val sandrine:sandy mathieu:mat,matt "
    "benjamin:ben,benji maxime:max guillaume:guigui,will dominique:dom,domi caroline:caro virginie:virg,ginie "
    "nathalie:nath,nat laurence:lolo,laure michel:mich,michou daniel:dany,dan,dani gerard:gege jean:jeannot "
    "pierre:pierrot francois:fanfan,franck genevieve:ginette,viviane veronique:vero emmanuel:manu emmanuelle:manu "
    "stephane:steph therese:tessa francoise:fanchon francisco:paco,pancho,curro,fran,kiko jose:pepe,josete "
    "josefa:pepa,fina manuel:manolo,manu,lolo dolores:lola,loli isabel:isa,chabela antonio:toni,tono,nino "
    "rafael:rafa alejandro:alex,jandro,ale javier:javi,xavi jesus:chus,suso fernando:nando,fer enrique:quique,kike "
    "ignacio:nacho,iñaki mercedes:merche,meche rosario:charo teresa:tere,teresita beatriz:bea montserrat:montse "
    "eduardo:edu santiago:santi,tiago,yago cristina:cris,tina concepcion:concha,conchita,chon "
    "roberto:rober,beto,tito pilar:pili carmen:carmela,menchu guadalupe:lupe consuelo:chelo luis:lucho "
    "miguel:migue,mikel sergio:checho vicente:vicen joaquin:quino,chimo salvador:salva inmaculada:inma "
    "giuseppe:beppe,pino,peppe giovanni:gianni,nanni,vanni francesco:franco,checco,cesco luigi:gigi domenico:mimmo "
    "salvatore:toto,turi vincenzo:enzo lorenzo:enzo,renzo antonino:nino,tonino alessandro:ale,sandro "
    "alessandra:ale,sandra elisabetta:betta,lisa giuliana:giuly caterina:cate,rina cornelis:kees,cor,nelis "
    "hendrik:henk,rik,hein willem:wim,pim,wil pieter:piet,peter jacobus:koos,jaap,ko,jaco "
    "catharina:toos,trijntje,carin,karin margaretha:greet,greta,gre,marga antonius:ton,toon,anton,theo "
    "adrianus:ad,arie,adri,janus gerrit:ger,gert cornelia:corrie,cor,nel petrus:peter,piet,pierre "
    "theodorus:theo,dorus hendrika:riek,henny,rika adriana:adri,jana petronella:nel,nelly,petra johan:jo,han "
    "elisa:lies lambertus:bert,lambert hubertus:huub,bert aleksander:olek,alek katarzyna:kasia malgorzata:gosia "
    "stanislaw:staszek krzysztof:krzys,krzysiek agnieszka:aga magdalena:magda,lena wojciech:wojtek tomasz:tomek "
    "jakub:kuba andrzej:jedrek piotr:piotrek barbora:bara"
)
_SCHEMA = pa.schema([("name", pa.string()), ("short_forms", pa.string())])


@cache
def related() -> dict[str, frozenset[str]]:
    """Return for each first name the others that the same person may go by.

    Bill and William are related, and so are Bill and Will, which are short for one name; William and Robert, which
    Bill may both stand for somewhere, are not.

    >>> "william" in related()["bill"], "will" in related()["bill"], "hannes" in related()["johannes"]
    (True, True, True)
    """
    from nicknames import name_triplets

    short: dict[str, set[str]] = {}
    for row in name_triplets():
        short.setdefault(folded_text(row.name1), set()).add(folded_text(row.name2))
    for entry in OTHERS.split():
        name, forms = entry.split(":")
        short.setdefault(folded_text(name), set()).update(folded_text(form) for form in forms.split(",") if form)
    found: dict[str, set[str]] = {}
    for name, those in short.items():
        for form in those:
            found.setdefault(name, set()).add(form)
            found.setdefault(form, set()).update({name, *those})
    return {first: frozenset(others - {first}) for first, others in found.items()}


def short_forms(engine: Engine) -> ir.Table:
    """Return a row per known first name: `name` and `short_forms`, '|bill|will|' for William."""
    rows = [
        {"name": name, "short_forms": f"|{'|'.join(sorted(others))}|"} for name, others in sorted(related().items())
    ]
    return engine.table(pa.Table.from_pylist(rows, schema=_SCHEMA).to_batches(), _SCHEMA)
