"""What other people call the fields of a load file, and what we call them.

After the field lists of ESI protocols, of the SEC's data delivery standards, of the DOJ Antitrust
Division, and of the usual review platforms. Compared without case, spaces and signs.
"""

import re
from collections.abc import Iterable

_SIGNS = re.compile(r"[^a-z0-9#]+")

# Our name → the names of others; the first that a file has is taken.
_NAMES: dict[str, str] = {
    "BegBates": "begbates begdoc# begdoc begdocno begdocnum begdocnumber begbatesnumber begbatesno "
    "batesbeg batesbegin beginbates beginningbates beginbatesnumber beginningbatesnumber "
    "bates_beg firstbates firstbatesnumber prodbeg prodbegbates productionbegbates "
    "productionbegin productionbates productionbatesbegin begprod begprodno prodbegdoc "
    "productionbegdoc bates batesnumber batesno batesstart startbates startbatesnumber begno "
    "begcontrol begincontrol controlnumberbeg firstpage docbegin docstart beginno bdoc "
    "productionbeginbates docidbeg begdocid docid documentid docno documentnumber upi recordid",
    "EndBates": "endbates enddoc# enddoc enddocno enddocnum enddocnumber endbatesnumber endbatesno "
    "batesend lastbates lastbatesnumber prodend prodendbates productionendbates productionend "
    "productionbatesend endprod endprodno endingbates endingbatesnumber prodenddoc endno "
    "endcontrol controlnumberend lastpage docend edoc docidend enddocid",
    "BegAttach": "begattach begatt attachbeg begattachment beginattach beginattachment attbeg "
    "attachmentbegin attachbegin begfamily familybeg begattachno beginningattachment "
    "batesbegattach "
    "begattachbates prodbegattach productionbegattach productionbeginattachment begrange "
    "attachstart firstattach begbatesattach familybegin attachrangebeg",
    "EndAttach": "endattach endatt attachend endattachment attend attachmentend endfamily "
    "familyend "
    "endattachno endingattachment batesendattach endattachbates prodendattach productionendattach "
    "productionendattachment endrange lastattach endbatesattach attachrangeend",
    "AttachRange": "attachrange attachmentrange familyrange famlyrng familyrng attrange grouprange "
    "batesfamilyrange attachbatesrange",
    "ParentBates": "parentbates parentid parentdocid parent parentbatesnumber parentdoc "
    "parentbegbates parentbegdoc attachmentparent parentdate_id parentrecord parentcontrol "
    "attachparent attachparentid",
    "ChildBates": "childbates attchids childid childids attachids attachmentids attachids "
    "childbegbates childdocids childdocid attachdocs attachdocids attachmentbates attchmntids",
    "FamilyID": "familyid groupid groupidentifier familygroup family relationalid groupno",
    "AttachmentCount": "attachmentcount attachcount attachmentscount numattach numattachments "
    "attcount noofattachments numberofattachments attachmentqty",
    "AttachmentNames": "attachmentnames attachmentname attachnames attachname attachments "
    "attachlist attachmentlist attachmenttitles",
    "Custodian": "custodian custdian cust custodianname source primarycustodian custodians",
    "AllCustodians": "allcustodians allcustodian dupcustodians duplicatecustodians custodianall "
    "dedupedcustodians dupecustodians othercustodians dupcustodian",
    "FilePath": "filepath path originalpath filefolder originalfilepath sourcepath folderpath "
    "intfilepath filepathedited prodpath originalfolderpath emailfolder emailfolderpath "
    "sourcefilepath foldername relativepath",
    "AllPaths": "allpaths allfilepaths dupepaths duppaths duplicatepaths",
    "From": "from emailfrom sender author_from msgfrom emailsender fromaddress",
    "To": "to emailto recipients recipient msgto emailrecipients toaddress",
    "CC": "cc emailcc copyees copiedto msgcc carboncopy",
    "BCC": "bcc emailbcc blindcopyees msgbcc blindcopy",
    "Subject": "emailsubject subject subjectline msgsubject emailsubj re subjectemailsubject",
    "DateSent": "datesent sentdate emaildatesent sent sentdatetime datetimesent emailsentdate "
    "emailsentdatetime sendate datesnt senton maildate dtsent",
    "TimeSent": "timesent senttime emailtimesent timesnt emailsenttime",
    "DateReceived": "datereceived receiveddate datercvd daterecv daterec received receiveddatetime "
    "datetimereceived emaildatereceived dtrecvd receivedon",
    "TimeReceived": "timereceived receivedtime timercvd timerecv emailtimereceived",
    "DateCreated": "datecreated createddate datecrtd creationdate created filecreated createdate "
    "datetimecreated filedatecreated dtcreated doccreateddate filecreateddate",
    "TimeCreated": "timecreated createdtime timecrtd creationtime filetimecreated",
    "DateModified": "datemodified modifieddate datemod datesvd lastmodified modified datelastmod "
    "lastmodifieddate datelastmodified datetimemodified filedatemodified lastsaveddate "
    "datelastsaved filelastmodified lastmoddate dtmodified filemodifieddate",
    "TimeModified": "timemodified modifiedtime timemod timesvd timelastmod lastmodifiedtime "
    "timelastmodified filetimemodified lastmodtime",
    "DatePrinted": "dateprinted printeddate lastprinted datelastprinted lastprinteddate",
    "DocDate": "docdate documentdate date masterdate sortdate estdate primarydate",
    "MessageID": "messageid intmsgid internetmessageid msgid emailmessageid internetmsgid",
    "InReplyTo": "inreplyto emailinreplyto inreplytoid",
    "References": "references emailreferences",
    "ConversationIndex": "conversationindex emailconversationindex conversationindexid convindex "
    "threadindex",
    "FileName": "filename originalfilename file_name docfilename nativefilename name originalname "
    "filenm attachmentfilename docname filetitle",
    "FileExt": "fileext fileextension fileexten extension ext docext docextension fileextn "
    "nativeextension fileextens",
    "Title": "title doctitle documenttitle",
    "Author": "author docauthor documentauthor createdby",
    "LastAuthor": "lastauthor lastsavedby lastmodifiedby lasteditedby modifiedby lastsavedauthor",
    "FileSize": "filesize size nativefilesize filesizebytes docsize fsize",
    "PageCount": "pagecount pgcount pages numpages numberofpages pagecnt imagecount pagect "
    "totalpages pgcnt noofpages docpages",
    "MD5": "md5 md5hash hash hashvalue md5hashvalue hashmd5 filehash nativemd5hash dochash",
    "SHA1": "sha1 sha1hash hashsha1 sha1hashvalue",
    "SHA256": "sha256 sha256hash hashsha256 sha256hashvalue",
    "Confidentiality": "confidentiality confidential confdesignation confidentialdesignation "
    "confidentialitydesignation designation conf confdesig",
    "Redacted": "redacted redaction hasredactions redactions isredacted redact redactedyn",
    "Withheld": "withheld iswithheld privwithheld",
    "DocType": "doctype documenttype filetype recordtype type mimetype docclass apptype "
    "application filedescription doccategory itemtype",
    "Language": "language languages primarylanguage doclanguage",
    "TimeZone": "timezone timezoneprocessed timezonefield tz timezonecode processingtimezone "
    "timezoneused timeoffsetvalue",
    "ProdVolume": "prodvolume volume vol volumename productionvolume prodvol volid volumeid cdvol "
    "productionname proddisk",
    "NativeLink": "nativelink doclink native nativepath nativefile nativefilepath nativefilelink "
    "link filelink nativefilename_path nativelocation nativefolder itemlink natlink nativelinks",
    "TextLink": "textlink ocrpath extractedtextpath textpath extractedtextlink textfile "
    "fulltextpath "
    "ocrlink textfilepath extractedtextfile ocrfile txtlink fulltextlink textlocation "
    "textprecedence_path ocrtextpath extractedtextlocation txtpath",
    "Text": "extractedtext text ocrtext fulltext ocr doctext body extracted bodytext contents "
    "textprecedence ocr1 extractedtxt documenttext",
    "ControlNumber": "controlnumber control controlno controlid internalid",
    "Importance": "importance priority emailimportance",
}
_DATES = ("DateSent", "DateReceived", "DateCreated", "DateModified", "DatePrinted", "DocDate")


def plain(name: str) -> str:
    """A name as it is compared."""
    return _SIGNS.sub("", name.casefold())


def _by_plain() -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for ours, theirs in _NAMES.items():
        for rank, name in enumerate((ours, *theirs.split())):
            found.setdefault(plain(name), (ours, rank))
    return found


_KNOWN = _by_plain()
FIELDS = tuple(_NAMES)
"""The fields that a column can be mapped to."""
DATES = _DATES
"""Those that hold dates."""


def known_names(names: Iterable[str]) -> dict[str, str]:
    """Of a header, our fields and the columns that hold them; the better name wins."""
    found: dict[str, tuple[int, str]] = {}
    for name in names:
        hit = _KNOWN.get(plain(name))
        if hit is None:
            continue
        ours, rank = hit
        if ours not in found or rank < found[ours][0]:
            found[ours] = (rank, name)
    return {ours: name for ours, (_, name) in found.items()}
