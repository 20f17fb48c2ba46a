using System.Text;
using IntegrationHub.Schemas;

namespace IntegrationHub.Testing.Contracts;

/// <summary>Judges a body by what the description has for its media type.</summary>
internal sealed class BodyJudge(SchemaJudge judge, SchemaOutcome outcome)
{
    private const string Root = "/body";

    public void CheckRequest(VendorRequest request, OperationModel operation)
    {
        if (operation.Body is not { } body)
        {
            // Many clients send "{}" where nothing is wanted; vendors take it.
            if (!request.Body.IsEmpty)
                outcome.Add(
                    ViolationKind.UnexpectedBody, Root, "The operation has no body.", operation.Operation.Place, "Leave the body out, or move its values to where they belong.",
                    request.Body.Span.Trim(" \r\n\t"u8).SequenceEqual("{}"u8) ? ViolationSeverity.Warning : ViolationSeverity.Error);

            return;
        }

        if (!request.Body.IsEmpty)
            Check(request.Body, request.ContentType, body.Content, body.Place);
        else if (body.Required && !FitsEmptyForm(request, body))
            outcome.Add(ViolationKind.Missing, Root, "The operation needs a body.", body.Place);
    }

    public void Check(ReadOnlyMemory<byte> body, string? contentType, IReadOnlyList<MediaModel> content, string place)
    {
        if (content.Count == 0)
        {
            outcome.NotJudged.Add(new NotUnderstood(place, "content", "The description has no media type for the body."));
            return;
        }

        var known = string.Join(", ", content.Select(media => media.Type));
        if (contentType is null)
        {
            outcome.Add(ViolationKind.WrongContentType, "/header/Content-Type", "The body has no content type.", place, $"Known: {known}.");
            return;
        }

        if (MediaTypes.IsLines(contentType) && Lines(content) is { } described)
            CheckLines(body, described);
        else if (MediaTypes.Choose(content, contentType) is { } media)
            CheckMedia(body, contentType, media);
        else
            outcome.Add(ViolationKind.WrongContentType, "/header/Content-Type", $"The content type {SchemaOutcome.Quote(MediaTypes.Bare(contentType))} is not accepted.", place, $"Known: {known}.");
    }

    /// <summary>A form without any field is an empty body, and is judged as such.</summary>
    private bool FitsEmptyForm(VendorRequest request, BodyModel body)
    {
        if (request.ContentType is not { } type || !MediaTypes.IsForm(type) || MediaTypes.Choose(body.Content, type) is not { } media)
            return false;

        CheckMedia(request.Body, type, media);
        return true;
    }

    private void CheckMedia(ReadOnlyMemory<byte> body, string contentType, MediaModel media)
    {
        if (MediaTypes.IsXml(contentType))
        {
            outcome.NotJudged.Add(new NotUnderstood(media.Place, MediaTypes.Bare(contentType), "Bodies of XML are not judged."));
            return;
        }

        if (MediaTypes.IsLines(contentType))
        {
            outcome.NotJudged.Add(new NotUnderstood(media.Place, MediaTypes.Bare(contentType), "The description has no schema for a line of it."));
            return;
        }

        var value = MediaTypes.IsJson(contentType) ? Json(body, media)
            : MediaTypes.IsForm(contentType) ? Form(FormTree.Pairs(Encoding.UTF8.GetString(body.Span)).Select(pair => (pair.Key, WireValue.OfText(pair.Value))), media)
            : MediaTypes.IsMultipart(contentType) ? Multipart(body, contentType, media)
            : MediaTypes.IsText(contentType) ? WireValue.OfText(Encoding.UTF8.GetString(body.Span))
            : new WireValue { Kind = WireKind.Binary, MediaType = contentType };
        if (value is null)
            return;

        if (media.Schema is not null)
            outcome.TakeFindings(judge.Value(media.Schema, value, Root));
        else if (value.Kind is not (WireKind.Binary or WireKind.Text))
            outcome.NotJudged.Add(new NotUnderstood(media.Place, "schema", "The description has no schema for the body."));
    }

    private WireValue? Json(ReadOnlyMemory<byte> body, MediaModel media)
    {
        var value = WireValue.TryParseJson(body, out var why);
        if (value is null)
            outcome.Add(ViolationKind.MalformedBody, Root, $"The body is no JSON: {why}", media.Place);

        return value;
    }

    private WireValue? Multipart(ReadOnlyMemory<byte> body, string contentType, MediaModel media)
    {
        if (MultipartText.Read(body, contentType, out var why) is not { } parts)
        {
            outcome.Add(ViolationKind.MalformedBody, Root, $"The body is malformed: {why}", media.Place);
            return null;
        }

        foreach (var part in parts.Where(part => part.ContentType is not null && media.Encoding.GetValueOrDefault(part.Name)?.ContentType is not null))
        {
            var wanted = media.Encoding[part.Name].ContentType!.Split(',', StringSplitOptions.TrimEntries);
            if (MediaTypes.Choose([.. wanted.Select(type => new MediaModel(type, null, media.Encoding, media.Place))], part.ContentType!) is null)
                outcome.Add(
                    ViolationKind.WrongContentType, PointerText.Append(Root, part.Name), $"The part's content type {SchemaOutcome.Quote(MediaTypes.Bare(part.ContentType!))} is not accepted.", media.Place,
                    $"Known: {string.Join(", ", wanted)}.");
        }

        return Form(parts.Select(part => (part.Name, PartValue(part))), media);
    }

    private static WireValue PartValue(MultipartPart part)
    {
        if (part.ContentType is { } type && MediaTypes.IsJson(type) && WireValue.TryParseJson(part.Content, out _) is { } json)
            return json;

        return part.FileName is not null || (part.ContentType is not null && !MediaTypes.IsText(part.ContentType))
            ? new WireValue { Kind = WireKind.Binary, MediaType = part.ContentType }
            : WireValue.OfText(Encoding.UTF8.GetString(part.Content.Span));
    }

    /// <summary>
    /// Named values as one object. A property without a described encoding may come in brackets, repeated or as JSON: descriptions of forms seldom say which, and the
    /// specification changed its mind. Where they do say it, only that will do.
    /// </summary>
    private WireValue Form(IEnumerable<(string Name, WireValue Value)> pairs, MediaModel media)
    {
        var literal = media.Schema is null ? [] : judge.NamesOf(media.Schema).Names;
        var trees = new List<KeyValuePair<string, FormTree>>();
        foreach (var (name, value) in pairs)
        {
            // A name that the description has with its brackets is no name with brackets.
            var parts = literal.Contains(name) ? [name] : FormTree.Parts(name);
            var tree = trees.Find(pair => pair.Key == parts[0]).Value;
            if (tree is null)
                trees.Add(new(parts[0], tree = new FormTree()));

            tree.Add(parts.Skip(1).ToArray(), value);
        }

        return WireValue.OfObject([.. trees.Select(pair => KeyValuePair.Create(pair.Key, Field(pair.Key, pair.Value, media.Encoding.GetValueOrDefault(pair.Key), media)))]);
    }

    private WireValue Field(string name, FormTree tree, EncodingModel? encoding, MediaModel media)
    {
        var style = encoding?.Style;
        var explode = encoding?.Explode ?? style is null or "form";
        var delimiter = explode ? '\0' : style switch { "spaceDelimited" => ' ', "pipeDelimited" => '|', "form" => ',', _ => '\0' };
        var value = tree.Value(text => text.Kind != WireKind.Text ? text : new WireValue
        {
            Kind = WireKind.Text, Text = text.Text, Delimiter = delimiter, IsListOfOne = style is null || (style == "form" && explode), MayBeJson = style is null,
        });
        var pointer = PointerText.Append(Root, name);
        if (value.Kind == WireKind.Brackets && style is not (null or "deepObject"))
            outcome.Add(ViolationKind.WrongEncoding, pointer, $"The property is written with brackets, and the description has the style {style}.", media.Place);
        else if (value.Kind == WireKind.Repeated && (style == "deepObject" || !explode))
            outcome.Add(ViolationKind.WrongEncoding, pointer, $"The name is repeated, and the description has the style {style}.", media.Place);

        return value;
    }

    /// <summary>Line-delimited JSON has no words in OpenAPI: vendors describe the array of its lines, as JSON or under a type of its own.</summary>
    private MediaModel? Lines(IReadOnlyList<MediaModel> content) =>
        content.FirstOrDefault(media => MediaTypes.IsLines(media.Type) && media.Schema is not null)
        ?? content.FirstOrDefault(media => MediaTypes.IsJson(media.Type) && media.Schema is not null && judge.TypesOf(media.Schema).Contains("array"));

    private void CheckLines(ReadOnlyMemory<byte> body, MediaModel media)
    {
        var text = Encoding.UTF8.GetString(body.Span);
        if (!text.EndsWith('\n'))
            outcome.Add(ViolationKind.MalformedBody, Root, "The last line does not end with a line break.", media.Place);

        var lines = new List<WireValue>();
        foreach (var (index, line) in text.TrimEnd('\n').Split('\n').Index())
            if (WireValue.TryParseJson(Encoding.UTF8.GetBytes(line), out var why) is { } value)
                lines.Add(value);
            else
                outcome.Add(ViolationKind.MalformedBody, PointerText.Append(Root, index), $"The line is no JSON: {why}", media.Place);

        if (judge.TypesOf(media.Schema!).Contains("array"))
            outcome.TakeFindings(judge.Value(media.Schema!, WireValue.OfArray(lines), Root));
        else
            foreach (var (index, line) in lines.Index())
                outcome.TakeFindings(judge.Value(media.Schema!, line, PointerText.Append(Root, index)));
    }
}
