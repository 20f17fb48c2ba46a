namespace IntegrationHub.Testing.Contracts;

/// <summary>A parameter outside the body: in <c>path</c>, <c>query</c>, <c>header</c> or <c>cookie</c>; written in a style, or in a media type.</summary>
internal sealed record ParameterModel(string Name, string In, bool Required, Spot? Schema, string Style, bool Explode, string? ContentType, bool AllowsEmpty, Spot Spot);

/// <summary>How one property of a form or one part of a multipart body is written.</summary>
internal sealed record EncodingModel(string? Style, bool? Explode, string? ContentType);

/// <summary>A body in one media type, which is kept as the description writes it, and may be a range (<c>image/*</c>).</summary>
internal sealed record MediaModel(string Type, ContractSchema? Schema, IReadOnlyDictionary<string, EncodingModel> Encoding, string Place);

/// <summary>A request's body.</summary>
internal sealed record BodyModel(bool Required, IReadOnlyList<MediaModel> Content, string Place);

/// <summary>An answer: to the status <c>200</c>, <c>4XX</c> or <c>default</c>.</summary>
internal sealed record ResponseModel(string Status, IReadOnlyList<MediaModel> Content, string Place);

/// <summary>A credential: <c>http</c> with its scheme, <c>apiKey</c> with its place and name, <c>oauth2</c>, <c>openIdConnect</c>, <c>mutualTLS</c>.</summary>
internal sealed record SecurityModel(string Type, string? Scheme, string? In, string? Name);

/// <summary>One operation, all references followed. Immutable.</summary>
internal sealed record OperationModel
{
    public required VendorOperation Operation { get; init; }

    public IReadOnlyList<ParameterModel> Parameters { get; init; } = [];

    public BodyModel? Body { get; init; }

    public IReadOnlyList<ResponseModel> Responses { get; init; } = [];

    /// <summary>Ways to present oneself, each a set of credentials; <see langword="null"/> when the description says nothing. An empty set means that none is needed.</summary>
    public IReadOnlyList<IReadOnlyList<SecurityModel>>? Security { get; init; }

    /// <summary>What could not be followed, by the part of the request it concerns: <c>request</c> or <c>answer</c>.</summary>
    public IReadOnlyList<(Direction Direction, NotUnderstood What)> Blocks { get; init; } = [];
}
